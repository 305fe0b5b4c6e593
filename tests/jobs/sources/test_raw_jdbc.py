"""The options of a database read over JDBC, and the errors when it cannot be read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from jobs.foundation.errors import ConfigError
from jobs.profile.mapping import SourceMapping
from jobs.sources.database_source import carry_days, jdbc_address


class JavaException:
    """A driver's error that PySpark has no name for."""

    _target_id = "o1"

    def __str__(self) -> str:
        return "java.sql.SQLException: no password s/cret\n\tat Driver.connect"


class Session:
    """A session of Spark whose reader fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    @property
    def read(self) -> Session:
        return self

    def jdbc(self, *_given: object, **_named: object) -> None:
        raise self.error


@pytest.mark.parametrize(
    "error", [PySparkException("java.sql.SQLException: no password s/cret\n\tat"), Py4JJavaError("failed", JavaException())]
)
def test_a_database_that_spark_cannot_read_is_explained_in_a_line_without_its_password(
    calls: SourceMapping, tmp_path: Path, error: Exception
) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the database: java.sql.SQLException: no password \*\*\* \(") as failed:
        carry_days(Session(error), calls, [date(2026, 1, 5)], tmp_path / "carried")
    assert "s/cret" not in str(failed.value)


def test_each_connection_reads_one_state_and_writes_nothing(calls: SourceMapping) -> None:
    _, properties = jdbc_address(calls)
    assert properties["sessionInitStatement"].startswith("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; ")
    # Without a transaction that statement says nothing; Spark begins one where rows are fetched in parts.
    assert int(properties["fetchsize"]) > 0
