"""The address of a source's database: from the environment, sound before anyone is told it, never shown with its password."""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit

from jobs.foundation.errors import ConfigError
from jobs.profile.mapping import SourceMapping


def address_of(mapping: SourceMapping) -> str:
    """The database's address, from the environment variable that the mapping names.

    Raises:
        ConfigError: when it is not set, or is no address of a PostgreSQL database that all readers take apart alike.
    """
    assert mapping.database is not None, f"{mapping.name} is no source of a database"
    variable = mapping.database.url_variable
    address = os.environ.get(variable, "")
    fault = _fault(address)
    if fault:
        raise ConfigError(
            what=f"the environment variable {variable} {fault}",
            where=str(mapping.path),
            then="set it to postgresql://user:password@host:5432/database, with %40 for an @ in a password, and so on",
        )
    return address


def _fault(address: str) -> str:
    """What is wrong with an address, in words that tell nothing of it; empty when nothing is."""
    if not address:
        return "is not set"
    if not address.startswith(("postgresql://", "postgres://")):
        return "holds no address of PostgreSQL"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "holds an address whose host cannot be read"
    # Readers differ in which sign ends the password; one would take the rest of it for the host, and say so aloud.
    if address.count("@") > parts.netloc.count("@") or parts.netloc.count("@") > 1 or parts.fragment:
        return "holds an address of which it cannot be told where the password ends"
    return ""


def without_password(message: str, address: str) -> str:
    """A database's message in one line, without the query, which is ours, and the address's passwords, however they are written."""
    line = " ".join(message.partition("Query was:")[0].split())
    parts = urlsplit(address)
    given = [pair.partition("=")[2] for pair in parts.query.split("&") if pair.partition("=")[0].endswith("password")]
    written = {parts.password or "", *given}
    for secret in sorted({*written, *map(unquote, written)} - {""}, key=len, reverse=True):
        line = line.replace(secret, "***")
    return line
