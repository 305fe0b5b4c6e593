"""Several things at once give the answers that one after the other gives."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from model_examples import fit, invent
from threadpoolctl import threadpool_info, threadpool_limits

from models import threads as module
from models.storage import dump
from models.threads import parallel_map


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
