"""Several things at once give the answers that one after the other gives."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from model_examples import INPUTS, fit, invent
from threadpoolctl import threadpool_info, threadpool_limits

from models import risk_model
from models import threads as module
from models.evaluation.evaluate import evaluate
from models.evaluation.groups import evaluate_groups
from models.evaluation.leakage import likely_leaks
from models.storage import dump
from models.threads import parallel_map, single_threaded_blas


def test_answers_come_in_the_order_of_the_items_whichever_is_first() -> None:
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(60)
        if item == 1:
            second_is_done.set()
        return item * 10

    assert list(parallel_map(work, range(5), threads=2)) == [0, 10, 20, 30, 40]


def test_few_items_are_read_before_they_are_needed() -> None:
    read = []

    def items() -> Iterator[int]:
        for item in range(10):
            read.append(item)
            yield item

    answers = parallel_map(abs, items(), threads=2)
    assert next(answers) == 0
    assert read == [0, 1, 2]
    assert list(answers) == list(range(1, 10))


def test_what_fails_is_raised_and_no_items_give_no_answers() -> None:
    def work(item: int) -> float:
        return 1 / item

    with pytest.raises(ZeroDivisionError):
        list(parallel_map(work, [1, 0, 2], threads=2))
    assert list(parallel_map(work, [], threads=2)) == []


def test_what_nobody_waits_for_is_not_begun() -> None:
    begun, may_end = [], threading.Event()

    def work(item: int) -> int:
        begun.append(item)
        assert item == 0 or may_end.wait(60)
        return item

    answers = parallel_map(work, range(9), threads=1)
    assert next(answers) == 0
    threading.Timer(0.2, may_end.set).start()
    answers.close()
    assert begun in ([0], [0, 1])


def test_libraries_use_one_thread_each_meanwhile_and_as_many_as_before_after() -> None:
    def threads(_: int = 0) -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        assert list(parallel_map(threads, range(3), threads=2)) == [{1}] * 3
        assert threads() == {2}


def test_a_model_is_the_same_to_the_bit_however_many_things_are_fitted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    labelled = invent(1_200, seed=3)
    inspector = np.array([f"I{number % 5}" for number in range(len(labelled.y))])
    files = []
    for many in (1, 3):
        monkeypatch.setattr(module, "cpu_count", lambda many=many: many)
        files.append(dump(fit(labelled, inspector=inspector)))
    assert files[0] == files[1]


LABELS = 16_000


def visits() -> pd.DataFrame:
    """Forty visits whose order knew what they would find."""
    found = np.arange(40) % 2.0
    frame = pd.DataFrame({"as_of": "2026-01-31", "entity_id": range(40), "day": "2026-02-01", "found": found, "probability": 0.5})
    return frame.assign(model=found, kind="all", **dict.fromkeys(INPUTS.columns, np.nan))


def threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_linear_algebra_is_done_by_one_thread_and_as_before_after() -> None:
    with threadpool_limits(2, user_api="blas"):
        assert single_threaded_blas(threads)() == {1}
        assert threads() == {2}


def test_fits_and_judgements_begin_so(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for name in (
        "models.risk_model.fit_anomaly",
        "models.evaluation.evaluate.count",
        "models.evaluation.groups.count",
        "models.evaluation.leakage.count",
    ):
        module, function = name.rsplit(".", 1)
        real = getattr(__import__(module, fromlist=[function]), function)
        monkeypatch.setattr(name, lambda *args, real=real, **named: (seen.append(threads()), real(*args, **named))[1])
    with threadpool_limits(2, user_api="blas"):
        fit(invent(200, seed=1), minimum_labels=1000)
        evaluate([0, 1], ["2026-01-01", "2026-01-02"], {"model": [0.0, 1.0]}, capacity=1, seed=1)
        judged = len(seen)
        evaluate_groups(visits(), "model", "kind", share=0.5, resamples=2, seed=1)
        grouped = len(seen)
        likely_leaks(visits(), ["model"], INPUTS, bound=0.9, resamples=2, seed=1)
    assert 1 < judged < grouped < len(seen)
    assert all(one == {1} for one in seen)


def test_sums_of_so_many_labels_are_the_same_at_one_and_two_threads() -> None:
    """Without the limit their last digits differ where there are two processors."""
    random = np.random.default_rng(1)
    pairs = [(random.normal(size=LABELS), random.normal(size=LABELS)) for _ in range(50)]
    sums = []
    for number in (1, 2):
        with threadpool_limits(number, user_api="blas"):
            sums.append([single_threaded_blas(np.dot)(x, y) for x, y in pairs])
    assert sums[0] == sums[1]


@pytest.mark.slow
def test_refits_on_sixteen_thousand_labels_are_equal_at_one_and_two_threads() -> None:
    labelled = invent(LABELS, seed=5)
    inspectors = np.array([f"I{number % 7}" for number in range(LABELS)])
    later = invent(2_000, seed=6).X
    files, scores = [], []
    for number in (1, 2):
        with threadpool_limits(number, user_api="blas"):
            model = risk_model.fit_risk_model(
                labelled.X, labelled.X, labelled.y, labelled.time, labelled.entity, INPUTS,
                anomaly_weight=0.5, minimum_labels=300, minimum_positives=30, seed=7, inspector=inspectors,
                weight=np.linspace(0.5, 1.5, LABELS),
            )  # fmt: skip
            files.append(dump(model))
            scores.append(model.score(pd.concat([later] * 10, ignore_index=True)))
    assert files[0] == files[1]
    pd.testing.assert_frame_equal(scores[0], scores[1], check_exact=True)
