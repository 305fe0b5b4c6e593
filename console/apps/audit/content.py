"""The digest of rows that an event covers, so that a later change of a row shows even where no trigger refused it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model

CONTENT = "content"
"""The key of the digest in an event's details. Events from before it existed have none."""
_EMPTY: tuple[object, ...] = (None, "", [], {})


def content_digest(*rows: Model, without: Iterable[str] = ()) -> str:
    """The first half of a SHA-256 over all columns of some rows, except ``without``; the order of the rows counts.

    Empty values are left out, so that a column that is added later does not change the digests of earlier rows.
    """
    left_out = {*without}
    texts = [
        [row._meta.db_table, {name: value for name, value in _columns(row).items() if name not in left_out and value not in _EMPTY}]
        for row in rows
    ]
    text = json.dumps(texts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _columns(row: Model) -> dict[str, Any]:
    return {field.column: _plain(field.to_python(getattr(row, field.attname))) for field in row._meta.concrete_fields}


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
