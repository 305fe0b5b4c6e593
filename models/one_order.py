"""Sums in one order on every machine: what is fitted and judged is the same to the bit, however many processors there are.

A dot product of more than some ten thousand numbers is cut among the threads of the linear algebra library, so its last digits hang
on their number. LightGBM and scikit-learn are told theirs where they are called (:mod:`models.risk.boosting`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

P = ParamSpec("P")
R = TypeVar("R")


def one_order(work: Callable[P, R]) -> Callable[P, R]:
    """Have a function's linear algebra done by one thread."""

    @wraps(work)
    def done(*args: P.args, **named: P.kwargs) -> R:
        with threadpool_limits(1, user_api="blas"):
            return work(*args, **named)

    return done
