"""Threads: parallel work on independent items, and linear algebra that gives the same bits on every machine.

A linear algebra library splits a dot product of more than some ten thousand numbers among its threads, so its last digits depend on
their number. LightGBM and scikit-learn get theirs where they are called (:mod:`models.risk.boosting`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import wraps
from typing import ParamSpec, TypeVar

from joblib import cpu_count
from threadpoolctl import threadpool_limits

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


def single_threaded_blas(work: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function so that its linear algebra uses one thread."""

    @wraps(work)
    def limited(*args: P.args, **named: P.kwargs) -> R:
        with threadpool_limits(1, user_api="blas"):
            return work(*args, **named)

    return limited


def parallel_map(work: Callable[[T], R], items: Iterable[T], *, threads: int | None = None) -> Iterator[R]:
    """Results of ``work`` in the order of the items, computed in threads; items are read only as they are needed.

    The libraries that fit and score release the interpreter lock. Put the longest item first where they differ.

    Args:
        work: must not change what another call reads.
        items: to work on.
        threads: by default one for each processor available to this process; their number does not change the results.
    """
    many = threads or cpu_count()
    # More threads of linear algebra would compete for the processors and change the order of sums.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(many) as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > many:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            # After a failure, or when the caller stops early, do not start the rest.
            pool.shutdown(wait=False, cancel_futures=True)
