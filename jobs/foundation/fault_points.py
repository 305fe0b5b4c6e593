"""Names for the moments around every write, so that a test can end the process at any of them.

Only :mod:`jobs.engine.lake` writes rows of tables and only :mod:`jobs.foundation.files` writes files. Both pass here, so a new
table or file has its points without more code. :mod:`jobs.lake.maintenance` names each of its own commits. A point is named
``moment:what``, such as ``before:gold.features``, ``drafted:manifests/runs``, ``after:vacuumed gold.features`` or
``before:lake/gold/features/_delta_log``; days, versions and identifiers are left out of it.

Nothing in Steelyard listens. No variable, option, file or profile makes it do so: only code that calls :func:`watch`, which is in
the tests. So a run in production cannot be ended here by accident, and pays one comparison a write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.foundation.paths import FILED, LAKE

_VARIES = re.compile(r"[-_]?\d{4}-\d{2}-\d{2}(-[0-9a-f]{12})?|^[0-9a-f]{16,}$")
"""Days, identifiers of runs and models, hashes, a log's versions."""
_watcher: Callable[[str], None] | None = None


def watch(watcher: Callable[[str], None] | None) -> None:
    """Call ``watcher`` with the name of each point from now on; None ends it."""
    global _watcher
    _watcher = watcher


def reach(moment: str, what: str | Path) -> None:
    """Pass a point: a table's name, or a file's path, at a moment."""
    if _watcher is not None:
        _watcher(f"{moment}:{name_of(what) if isinstance(what, Path) else what}")


@contextmanager
def around(what: str | Path) -> Iterator[None]:
    """Pass the points before and after a write that is one step."""
    reach("before", what)
    yield
    reach("after", what)


def name_of(path: Path) -> str:
    """A file's name in its home, without its suffix, days and identifiers: ``manifests/runs``, ``models/in_use``."""
    parts = path.with_suffix("").parts
    room = max((at for at, part in enumerate(parts[:-1]) if part in (LAKE, *FILED)), default=len(parts) - 1)
    told = (_VARIES.sub("", part) for part in parts[room:])
    return "/".join(part for part in told if part)
