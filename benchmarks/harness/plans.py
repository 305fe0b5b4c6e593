"""What is measured: which sizes, how often, and up to where the slow ones are asked."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Plan:
    """A benchmark.

    Attributes:
        name: of its results' file.
        sizes: numbers of entities, ascending.
        months: of history.
        rounds: how often features, a day's news and a rebuild are measured, a number a size; 0 for a whole day alone.
        whole_up_to: the most entities at which a whole day with training is measured too.
        spark_rounds: how often Apache Spark is.
        spark_up_to: the most entities that Apache Spark is asked for.
        cores: processors that each process may use.
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
        """The plan at other sizes: as often as it says, its last number for a size that it does not know, or ``rounds`` times."""
        said = dict(zip(self.sizes, self.rounds, strict=True))
        return replace(
            self, sizes=sizes, rounds=tuple(said.get(size, self.rounds[-1]) if rounds is None else rounds for size in sizes)
        )


PLANS = {
    "small": Plan("small", (20_000, 60_000), 24, (3, 3), whole_up_to=20_000, spark_rounds=1, spark_up_to=20_000),
    "full": Plan(
        "full",
        (200_000, 1_000_000, 5_000_000),
        24,
        (5, 5, 1),
        whole_up_to=5_000_000,
        spark_rounds=1,
        spark_up_to=5_000_000,
    ),
}
