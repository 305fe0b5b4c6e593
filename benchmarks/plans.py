"""What is measured: which sizes, how often, and up to where the slow ones are asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """A benchmark.

    Attributes:
        name: of its results' file.
        sizes: numbers of entities, ascending.
        months: of history.
        rounds: how often each step is measured at each size.
        whole_days: at the first so many sizes, a whole day with training is measured too.
        spark_rounds: how often Apache Spark is.
        spark_up_to: the most entities that Apache Spark is asked for.
        cores: processors that each process may use.
    """

    name: str
    sizes: tuple[int, ...]
    months: int
    rounds: int
    whole_days: int
    spark_rounds: int
    spark_up_to: int
    cores: int = 2


PLANS = {
    "small": Plan("small", (20_000, 60_000), months=24, rounds=3, whole_days=1, spark_rounds=1, spark_up_to=60_000),
    "full": Plan("full", (200_000, 1_000_000, 5_000_000), months=24, rounds=3, whole_days=2, spark_rounds=1, spark_up_to=1_000_000),
}
