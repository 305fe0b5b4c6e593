"""Named points around every write, at which a test can kill the process.

Every write of a table or a file passes through here; maintenance (:mod:`jobs.lake.maintenance`) names its own commits. A point is
``moment:what``, such as ``before:gold.features`` or ``drafted:manifests/runs``, without days, versions and identifiers. It does
nothing unless :func:`watch` was called, and only tests call it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.foundation.paths import FILED, LAKE

_VARIES = re.compile(r"[-_]?\d{4}-\d{2}-\d{2}(-[0-9a-f]{12})?|^[0-9a-f]{16,}$")
"""Days, run and model identifiers, hashes, log versions."""
_watcher: Callable[[str], None] | None = None


def watch(watcher: Callable[[str], None] | None) -> None:
    """Call ``watcher`` with the name of each point from now on; None stops it."""
    global _watcher
    _watcher = watcher


def reach(moment: str, what: str | Path) -> None:
    """Pass a point: a table's name, or a file's path, at a moment."""
    if _watcher is not None:
        _watcher(f"{moment}:{name_of(what) if isinstance(what, Path) else what}")


@contextmanager
def around(what: str | Path) -> Iterator[None]:
    """Pass the points before and after an atomic write."""
    reach("before", what)
    yield
    reach("after", what)


def name_of(path: Path) -> str:
    """A file's name in its home, without its suffix, days and identifiers: ``manifests/runs``, ``models/in_use``."""
    parts = path.with_suffix("").parts
    start = max((at for at, part in enumerate(parts[:-1]) if part in (LAKE, *FILED)), default=len(parts) - 1)
    fixed = (_VARIES.sub("", part) for part in parts[start:])
    return "/".join(part for part in fixed if part)
