"""A model's rows as an Arrow table: what a database takes in without another Python object for each value of a million."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd
import pyarrow as pa
from django.db.models import Model

TYPES: Mapping[str, pa.DataType] = MappingProxyType(
    {
        "BinaryField": pa.binary(),
        "BooleanField": pa.bool_(),
        "CharField": pa.string(),
        "DateField": pa.date32(),
        "FloatField": pa.float64(),
        "IntegerField": pa.int64(),
        "TextField": pa.string(),
    }
)
"""Arrow's type of each kind of field."""


def as_table(model: type[Model], columns: Mapping[str, Any] | pd.DataFrame) -> pa.Table:
    """Columns of a model, of equal length, as a table of the types of its fields.

    Args:
        model: the model.
        columns: by the names of its fields; Arrow's own, or pandas' and lists, of which what pandas takes for missing is null.

    Raises:
        ArrowInvalid: for a value that a field cannot hold.
    """
    kinds = {str(name): TYPES[model._meta.get_field(str(name)).get_internal_type()] for name in columns}
    return pa.table({name: _column(columns[name], kind) for name, kind in kinds.items()})


def _column(values: Any, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    return values.cast(kind) if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, kind, from_pandas=True)
