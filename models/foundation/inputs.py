"""A model's input columns with their directions and indicators, and the project's array types."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.indicators import PEER_SUFFIX, catalogue

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Inputs:
    """Input columns in their order; the three tuples are parallel.

    Attributes:
        columns: column names; ``<indicator>_vs_peers`` is the peer form of ``<indicator>``.
        directions: 1 when more is riskier, -1 when less is, 0 when neither may be said.
        dimensions: the indicator's dimension.
    """

    columns: tuple[str, ...]
    directions: tuple[int, ...]
    dimensions: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.columns or len(set(self.columns)) != len(self.columns):
            raise ValueError("inputs: columns must be given, each once")
        if not len(self.columns) == len(self.directions) == len(self.dimensions):
            raise ValueError("inputs: columns, directions and dimensions differ in length")
        if not set(self.directions) <= {-1, 0, 1}:
            raise ValueError("inputs: a direction is none of -1, 0, 1")

    @property
    def indicators(self) -> tuple[str, ...]:
        """The indicator of each column."""
        return tuple(indicator_of(column) for column in self.columns)

    def one_per_indicator(self) -> tuple[int, ...]:
        """Positions of one column an indicator: its peer form where there is one, else its value."""
        chosen = {indicator_of(column): at for at, column in enumerate(self.columns)}
        chosen |= {indicator_of(column): at for at, column in enumerate(self.columns) if column.endswith(PEER_SUFFIX)}
        return tuple(sorted(chosen.values()))


def catalogue_inputs() -> Inputs:
    """The inputs of the indicator catalogue: each scored indicator and its peer form, both with the same direction."""
    rows = [
        (column, indicator.direction, indicator.dimension)
        for indicator in catalogue()
        if indicator.scored
        for column in ([indicator.column, indicator.peer_column] if indicator.peer else [indicator.column])
    ]
    columns, directions, dimensions = zip(*rows, strict=True)
    return Inputs(columns, directions, dimensions)


def usable_inputs(population: pd.DataFrame) -> Inputs:
    """The catalogue's columns that have any value in the population."""
    every = catalogue_inputs()
    filled = [at for at, column in enumerate(every.columns) if population[column].notna().any()]
    return Inputs(
        tuple(every.columns[at] for at in filled),
        tuple(every.directions[at] for at in filled),
        tuple(every.dimensions[at] for at in filled),
    )


def indicator_of(column: str) -> str:
    """The indicator that a column belongs to."""
    return column.removesuffix(PEER_SUFFIX)


def matrix(X: pd.DataFrame, columns: tuple[str, ...]) -> Floats:
    """The columns as float64 of shape (rows, columns); NULL and infinite values become NaN, that is unknown.

    Raises:
        ValueError: when ``X`` lacks one of the columns.
    """
    lacking = [column for column in columns if column not in X.columns]
    if lacking:
        raise ValueError(f"the features lack the model's columns {', '.join(lacking)}: retrain the model on today's catalogue")
    values = X.loc[:, list(columns)].to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    values[~np.isfinite(values)] = np.nan
    return values
