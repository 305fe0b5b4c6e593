"""Work on several independent things at once, in threads: the libraries that fit and score let go of the interpreter meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from joblib import cpu_count
from threadpoolctl import threadpool_limits

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(work: Callable[[T], R], items: Iterable[T], *, threads: int | None = None) -> Iterator[R]:
    """The answers in the order of the items, each worked out by one thread; at most one more than is being worked on waits.

    Give the longest first where they differ, so that none is left for one thread alone.

    Args:
        work: changes nothing that another of its calls reads.
        items: read as they are needed.
        threads: as many at once, by default one a processor that this process may use; their number changes no answer.
    """
    many = threads or cpu_count()
    # Libraries that cut one piece of work among threads of their own would fight over the processors, and the order of their
    # sums would hang on how many there are.
    with threadpool_limits(1), ThreadPoolExecutor(many) as pool:
        waiting: deque[Future[R]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > many:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
