"""Locks: one writer for each folder, since two runs at once would overwrite each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.foundation.errors import Busy, ConfigError
from jobs.foundation.files import clean_up_after_crash, umask_of
from jobs.foundation.paths import LOCK


@contextmanager
def hold_home_lock(home: Path) -> Iterator[None]:
    """Hold the home's write lock, and delete the intermediate files of a writer that was killed.

    A folder without a lock file had no writer yet, so nothing in it is deleted.

    Raises:
        ConfigError: when the home cannot be created or written.
        Busy: when another process holds it.
    """
    had_writer = (home / LOCK).is_file()
    with hold_folder_lock(home):
        if had_writer:
            clean_up_after_crash(home)
        yield


@contextmanager
def hold_folder_lock(folder: Path) -> Iterator[None]:
    """Hold a folder's write lock. The system releases it when the process ends, however it ends.

    What the process creates meanwhile, also the folder, gets the rights of :func:`jobs.foundation.files.umask_of`.

    Raises:
        ConfigError: when the folder cannot be created or written.
        Busy: when another process holds it.
    """
    before = os.umask(0o077)
    try:
        with _locked(folder):
            yield
    finally:
        os.umask(before)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        os.umask(umask_of(folder))
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a")
    except OSError as error:
        raise ConfigError(
            what=f"the folder cannot be written: {error.strerror or error}",
            where=str(folder),
            next_step="give a folder that you may write",
        ) from error
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(
                what="another run is writing here",
                where=str(folder),
                next_step="wait until it ends, then run the same command again",
            ) from error
        yield
