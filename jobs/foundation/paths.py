"""Folders under names that every engine reads alike.

Engines take a path for a URL, each in its own way: a space, a Chinese character, ``%`` or ``#`` in it is written to one folder
and looked for in another, and ``[`` is a pattern to some. Such a folder is reached by a link whose name is plain.

What a home holds: the names of its own folders and files.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from jobs.foundation.errors import ConfigError

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_PLAIN = re.compile(r"[A-Za-z0-9/._+:=@,~-]*")


def engine_path(folder: Path) -> Path:
    """The folder itself where its absolute name is plain, else a link to it in the machine's folder for temporary files.

    Raises:
        ConfigError: when its name holds what looks like an escaped character, which some follow through the link and decode.
    """
    folder = Path(os.path.abspath(folder))
    if escape := _ESCAPE.search(str(folder)):
        raise ConfigError(
            what=f"the folder's name holds {escape.group()!r}, which stands for another character in an address",
            where=str(folder),
            next_step="give a folder without % in its name",
        )
    if _PLAIN.fullmatch(str(folder)):
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    link = Path(tempfile.gettempdir()) / f"steelyard-{os.getuid()}-{digest}"
    if not (link.is_symlink() and os.readlink(link) == str(folder)):
        _sweep(link.parent)
        draft = link.with_name(f"{link.name}.{os.getpid()}")
        draft.symlink_to(folder, target_is_directory=True)
        draft.replace(link)
    return link


def _sweep(folder: Path) -> None:
    """Take away our own links whose folders are gone; anything else, were it of that name, stays.

    Where it cannot be told whether a folder is gone, its link stays too. A link that is missed is made again when it is asked for.
    """
    ours = re.compile(rf"steelyard-{os.getuid()}-[0-9a-f]{{16}}")
    for link in folder.iterdir():
        if not ours.fullmatch(link.name):
            continue
        with suppress(OSError):
            if link.is_symlink() and link.lstat().st_uid == os.getuid() and not link.exists():
                link.unlink()


LAKE = "lake"
MANIFESTS = "manifests"
MODELS = "models"
REPORTS = "reports"
SCRATCH = ".steelyard-scratch"
"""Intermediate files. All in it may be deleted unasked, so it is called what nobody else's folder is."""
CONSOLE = "console"
"""What the console keeps there: databases in use, which copied as files would be torn, and the key of its sessions."""
LOCK = ".writing"
"""The file by which the one writer holds the home."""
FILED = (MANIFESTS, MODELS, REPORTS)
"""The folders whose files are written one by one."""
FOLDERS = (LAKE, *FILED, SCRATCH)
