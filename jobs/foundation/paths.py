"""The names of a home's folders and files, and paths that every engine reads alike.

Engines read a path as a URL, each in its own way: with a space, a Chinese character, ``%`` or ``#`` in it, one writes to a folder
that another does not find, and some read ``[`` as a pattern. Such a folder is reached through a link with a plain name.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path, PurePath

from jobs.foundation.errors import ConfigError

LAKE = "lake"
MANIFESTS = "manifests"
MODELS = "models"
REPORTS = "reports"
GX = "gx"
"""The file context of Great Expectations: validation results and Data Docs."""
SCRATCH = ".steelyard-scratch"
"""Intermediate files, which are deleted without asking; so no other program's folder has this name."""
CONSOLE = "console"
"""The console's databases, which must not be copied as files while in use, and the key of its sessions."""
LOCK = ".writing"
"""The lock file of the home's writer."""
FILED = (MANIFESTS, MODELS, REPORTS, GX)
"""The folders whose files are written atomically, one at a time."""
FOLDERS = (LAKE, *FILED, SCRATCH)
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_PLAIN = re.compile(r"[A-Za-z0-9/._+:=@,~-]*")


def printable(path: PurePath) -> str:
    """A path as text for every file and screen: bytes that are not UTF-8 as ``\\xNN``, as in names from a server with GBK names.

    A backslash is doubled, so that no two paths have one text.
    """
    return os.fsencode(path.as_posix()).replace(b"\\", b"\\\\").decode("utf-8", errors="backslashreplace")


def engine_path(folder: Path) -> Path:
    """The folder itself if its absolute name is plain, else a link to it in the machine's temporary folder.

    Raises:
        ConfigError: when its name contains an escaped character such as ``%20``, which some engines decode even behind a link.
    """
    folder = Path(os.path.abspath(folder))
    if escape := _ESCAPE.search(str(folder)):
        raise ConfigError(
            what=f"the folder's name holds {escape.group()!r}, which means another character in a URL",
            where=str(folder),
            next_step="give a folder without % in its name",
        )
    if _PLAIN.fullmatch(str(folder)):
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    link = Path(tempfile.gettempdir()) / f"steelyard-{os.getuid()}-{digest}"
    if not (link.is_symlink() and os.readlink(link) == str(folder)):
        _delete_dead_links(link.parent)
        draft = link.with_name(f"{link.name}.{os.getpid()}")
        draft.symlink_to(folder, target_is_directory=True)
        draft.replace(link)
    return link


def _delete_dead_links(folder: Path) -> None:
    """Delete this user's links to folders that no longer exist; a link that cannot be checked stays."""
    ours = re.compile(rf"steelyard-{os.getuid()}-[0-9a-f]{{16}}")
    for link in folder.iterdir():
        if not ours.fullmatch(link.name):
            continue
        with suppress(OSError):
            if link.is_symlink() and link.lstat().st_uid == os.getuid() and not link.exists():
                link.unlink()
