"""The plans of measurements: sizes, rounds, and limits for slow steps."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Plan:
    """A benchmark.

    Attributes:
        name: name of the results file.
        sizes: numbers of entities, ascending.
        months: months of history.
        rounds: rounds by size for features, a next day and a rebuild; with 0 only a whole day is measured.
        whole_up_to: largest size at which a whole day with training is measured.
        spark_rounds: rounds with Apache Spark.
        spark_up_to: largest size with Apache Spark.
        cores: processors per process.
    """

    name: str
    sizes: tuple[int, ...]
    months: int
    rounds: tuple[int, ...]
    whole_up_to: int
    spark_rounds: int
    spark_up_to: int
    cores: int = 2

    def at(self, sizes: tuple[int, ...], rounds: int | None) -> Plan:
        """The plan at other sizes, with ``rounds`` if given. A size that is not in the plan gets the last number of rounds."""
        planned = dict(zip(self.sizes, self.rounds, strict=True))
        return replace(
            self, sizes=sizes, rounds=tuple(planned.get(size, self.rounds[-1]) if rounds is None else rounds for size in sizes)
        )


PLANS = {
    "small": Plan("small", (20_000, 60_000), 24, (3, 3), whole_up_to=20_000, spark_rounds=1, spark_up_to=20_000),
    "full": Plan(
        "full", (200_000, 1_000_000, 5_000_000), 24, (5, 5, 1), whole_up_to=5_000_000, spark_rounds=1, spark_up_to=5_000_000
    ),
}
