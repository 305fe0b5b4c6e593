"""Records of a database have the same length limit as records of files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from adbc_driver_postgresql import dbapi

from jobs.formats.raw_records import LONGEST_RAW, RAW, ROW
from jobs.formats.text_lines import LONGEST_LINE
from jobs.profile.mapping import load_mapping
from jobs.sources.postgresql import connected, read_day
from tests.cluster.test_database_source import MAPPING, VARIABLE

pytestmark = pytest.mark.cluster
TABLE = """
CREATE SCHEMA long;
CREATE TABLE long."Shops" (
    id text, code text, "名称" text, state text, opened text, capital numeric, changed_at timestamptz, "loaded on" date
)
"""


def test_a_record_above_the_limit_is_rejected_with_only_its_beginning(
    tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, postgresql)
    path = tmp_path / "shops.toml"
    path.write_text(MAPPING.replace("registry.Shops", "long.Shops"), encoding="utf-8")
    with dbapi.connect(postgresql, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in TABLE.split(";"):
            cursor.execute(statement)
    frame = len('{"code":"S1","名称":"","state":null,"opened":null,"capital":null,"changed_at":null}'.encode())
    fits = LONGEST_LINE - frame
    with dbapi.connect(postgresql, autocommit=True) as connection, connection.cursor() as cursor:
        for key, size in (("1", fits), ("2", fits + 1), ("x", fits + 1)):
            cursor.execute(f"""INSERT INTO long."Shops" (id, code, "名称", "loaded on")
                VALUES ('{key}', 'S1', repeat('x', {size}), '2026-01-05')""")
    mapping = load_mapping(path)
    try:
        with connected(mapping) as cursor:
            pieces = list(read_day(cursor, mapping, date(2026, 1, 5)))
    finally:
        with dbapi.connect(postgresql, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA long CASCADE")

    sound = [row for piece in pieces for row in piece.rows.to_pylist()]
    rejected = [record for piece in pieces for record in piece.rejected]
    assert [(row[ROW], len(row["名称"]), len(row[RAW].encode())) for row in sound] == [(1, fits, LONGEST_LINE)]
    assert sorted((record.row, record.rule_id, len(record.raw)) for record in rejected) == [
        (0, "no_row_key", LONGEST_RAW),
        (2, "line_too_long", LONGEST_RAW),
    ]
