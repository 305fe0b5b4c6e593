"""Values given on the command line."""

from __future__ import annotations

from datetime import date

from jobs.runtime.errors import ConfigError


def day_named(text: str, option: str) -> date:
    """The date written as YYYY-MM-DD.

    Raises:
        ConfigError: when it is no date.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(what=f"{option} {text!r} is no date", where="command line", then="write it as YYYY-MM-DD") from error
