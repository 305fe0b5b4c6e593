"""Sums in one order on every machine: what is fitted and judged is the same to the bit, however many processors there are.

A dot product of more than some ten thousand numbers is cut among the threads of the linear algebra library, so its last digits hang
on their number. LightGBM and scikit-learn are told theirs where they are called (:mod:`models.risk.boosting`).

Work on several independent things at once, in threads: the libraries that fit and score let go of the interpreter meanwhile.
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


def single_threaded_blas(work: Callable[P, R]) -> Callable[P, R]:
    """Have a function's linear algebra done by one thread."""

    @wraps(work)
    def done(*args: P.args, **named: P.kwargs) -> R:
        with threadpool_limits(1, user_api="blas"):
            return work(*args, **named)

    return done


T = TypeVar("T")
R = TypeVar("R")


def parallel_map(work: Callable[[T], R], items: Iterable[T], *, threads: int | None = None) -> Iterator[R]:
    """The answers in the order of the items, each worked out by one thread; at most one more than is being worked on waits.

    Give the longest first where they differ, so that none is left for one thread alone.

    Args:
        work: changes nothing that another of its calls reads.
        items: read as they are needed.
        threads: as many at once, by default one a processor that this process may use; their number changes no answer.
    """
    many = threads or cpu_count()
    # Linear algebra that is cut among more threads yet would fight over the processors, and the order of its sums would hang on
    # how many there are. LightGBM and scikit-learn are told theirs where they are called.
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
            # Where one failed, or nobody wants the rest, what has not begun need not.
            pool.shutdown(wait=False, cancel_futures=True)
