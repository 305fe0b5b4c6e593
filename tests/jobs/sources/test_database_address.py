"""A database's address: accepted only if every reader reads it alike, and never shown with its password; and its columns."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from jobs.foundation.errors import ConfigError
from jobs.profile.mapping import SourceMapping
from jobs.sources.database_source import jdbc_address
from jobs.sources.postgresql import address_of, check_columns, without_password

from .conftest import DATABASE_VARIABLE


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://u:secret@ss@db/x", "the end of the password is ambiguous"),
        ("postgresql://u:1/secret@db/x", "the end of the password is ambiguous"),
        ("postgresql://u:1?secret@db/x", "the end of the password is ambiguous"),
        ("postgresql://u:1#secret@db/x", "the end of the password is ambiguous"),
        ("postgresql://u:secret@[::1/x", "whose host cannot be read"),
        ("mysql://u:secret@db/x", "holds no address of PostgreSQL"),
        ("", "is not set"),
    ],
)
def test_an_address_that_can_be_taken_in_two_ways_is_refused_and_not_shown(
    calls: SourceMapping, monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    monkeypatch.setenv(DATABASE_VARIABLE, address)
    with pytest.raises(ConfigError, match=said) as refused:
        address_of(calls)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("address", ["postgresql://u:secret@db:port/x", "postgresql://u:secret@a:1,b:2/x", "postgresql:///x"])
def test_jdbc_is_given_one_host_and_port(calls: SourceMapping, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv(DATABASE_VARIABLE, address)
    with pytest.raises(ConfigError, match="names no host with one port") as refused:
        jdbc_address(calls)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "message", "shown"),
    [
        ("postgresql://u:p%40ss@db/x", 'no role "u", tried p@ss and p%40ss', 'no role "u", tried *** and ***'),
        ("postgresql://db/x?user=u&password=p%2Fs", "p/s, p%2Fs", "***, ***"),
        ("postgresql://db/x?sslpassword=aa", "aa b\nQuery was: SELECT 1", "*** b"),
        ("postgresql://db/x", "no  host\nhere", "no host here"),
    ],
)
def test_a_message_never_holds_a_password_however_it_is_written(address: str, message: str, shown: str) -> None:
    assert without_password(message, address) == shown


def test_a_renamed_column_is_recognised_as_in_a_file(calls: SourceMapping) -> None:
    cursor = Mock(description=[("day",), ("id",), ("What ",), ("when",)])
    with pytest.raises(ConfigError, match=r"the records lack the columns: what; 'What ' resembles 'what'") as refused:
        check_columns(cursor, calls)
    assert refused.value.next_step.endswith("for a renamed column, write `new AS old` in the query of [database]")
