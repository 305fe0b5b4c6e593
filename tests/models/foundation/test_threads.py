"""Parallel work gives the results of sequential work, and linear algebra the same bits with any number of threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from model_examples import INPUTS, fit, invent
from threadpoolctl import threadpool_info, threadpool_limits

from models import risk_model
from models.evaluation.evaluate import evaluate
from models.evaluation.groups import evaluate_groups
from models.evaluation.leakage import likely_leaks
from models.foundation import threads as module
from models.foundation.threads import parallel_map, single_threaded_blas
from models.storage import dump


def test_results_come_in_the_order_of_the_items() -> None:
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(60)
        if item == 1:
            second_is_done.set()
        return item * 10

    assert list(parallel_map(work, range(5), threads=2)) == [0, 10, 20, 30, 40]


def test_items_are_read_only_as_they_are_needed() -> None:
    read = []

    def items() -> Iterator[int]:
        for item in range(10):
            read.append(item)
            yield item

    answers = parallel_map(abs, items(), threads=2)
    assert next(answers) == 0
    assert read == [0, 1, 2]
    assert list(answers) == list(range(1, 10))


def test_a_failure_is_raised_and_no_items_give_no_results() -> None:
    def work(item: int) -> float:
        return 1 / item

    with pytest.raises(ZeroDivisionError):
        list(parallel_map(work, [1, 0, 2], threads=2))
    assert list(parallel_map(work, [], threads=2)) == []


def test_work_is_not_started_after_the_caller_stops() -> None:
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


def test_libraries_use_one_thread_during_parallel_work() -> None:
    def threads(_: int = 0) -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        assert list(parallel_map(threads, range(3), threads=2)) == [{1}] * 3
        assert threads() == {2}


def test_a_model_has_the_same_bits_with_any_number_of_parallel_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    labelled = invent(1_200, seed=3)
    inspector = np.array([f"I{number % 5}" for number in range(len(labelled.y))])
    files = []
    for many in (1, 3):
        monkeypatch.setattr(module, "cpu_count", lambda many=many: many)
        files.append(dump(fit(labelled, inspector=inspector)))
    assert files[0] == files[1]


LABELS = 16_000


def visits() -> pd.DataFrame:
    """Forty visits whose order is the outcome."""
    found = np.arange(40) % 2.0
    frame = pd.DataFrame({"as_of": "2026-01-31", "entity_id": range(40), "day": "2026-02-01", "found": found, "probability": 0.5})
    return frame.assign(model=found, kind="all", **dict.fromkeys(INPUTS.columns, np.nan))


def threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_linear_algebra_uses_one_thread_inside_only() -> None:
    with threadpool_limits(2, user_api="blas"):
        assert single_threaded_blas(threads)() == {1}
        assert threads() == {2}


def test_fits_and_evaluations_use_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
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
        evaluated = len(seen)
        evaluate_groups(visits(), "model", "kind", share=0.5, resamples=2, seed=1)
        grouped = len(seen)
        likely_leaks(visits(), ["model"], INPUTS, bound=0.9, resamples=2, seed=1)
    assert 1 < evaluated < grouped < len(seen)
    assert all(one == {1} for one in seen)


def test_large_sums_are_the_same_with_one_and_two_threads() -> None:
    """Without the limit the last digits differ on two processors."""
    random = np.random.default_rng(1)
    pairs = [(random.normal(size=LABELS), random.normal(size=LABELS)) for _ in range(50)]
    sums = []
    for number in (1, 2):
        with threadpool_limits(number, user_api="blas"):
            sums.append([single_threaded_blas(np.dot)(x, y) for x, y in pairs])
    assert sums[0] == sums[1]


@pytest.mark.slow
def test_fits_on_sixteen_thousand_labels_are_equal_with_one_and_two_threads() -> None:
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
