"""Folders under names that every engine reads alike.

Engines take a path for a URL, each in its own way: a space, a Chinese character, ``%`` or ``#`` in it is written to one folder
and looked for in another, and ``[`` is a pattern to some. Such a folder is reached by a link whose name is plain.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9/._+:=@,~-]*")


def engine_path(folder: Path) -> Path:
    """The folder itself where its absolute name is plain, else a link to it in the machine's folder for temporary files."""
    folder = Path(os.path.abspath(folder))
    if _PLAIN.fullmatch(str(folder)):
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    link = Path(tempfile.gettempdir()) / f"steelyard-{os.getuid()}-{digest}"
    if not (link.is_symlink() and os.readlink(link) == str(folder)):
        draft = link.with_name(f"{link.name}.{os.getpid()}")
        draft.symlink_to(folder, target_is_directory=True)
        draft.replace(link)
    return link
