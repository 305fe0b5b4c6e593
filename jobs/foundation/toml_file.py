"""TOML that people write: a file is read whole, or refused with what to do about it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from jobs.foundation.errors import ConfigError


def read_toml(path: Path, kind: str) -> dict[str, Any]:
    """A TOML file.

    Args:
        path: the file.
        kind: what it is to whoever named it, ``profile`` or ``mapping``.

    Raises:
        ConfigError: when it cannot be opened or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        is_there = not isinstance(error, FileNotFoundError | NotADirectoryError)
        raise ConfigError(
            what=f"it cannot be read: {error.strerror}",
            where=str(path),
            then=f"let it be read, or name another {kind}" if is_there else f"name a {kind} that exists",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(what=f"it is not valid TOML: {error}", where=str(path), then="save it as UTF-8") from error
    except ValueError as error:  # a number of thousands of digits is refused by Python, not by its TOML reader
        raise ConfigError(what=f"it is not valid TOML: {error}", where=str(path), then="mend the line named") from error
