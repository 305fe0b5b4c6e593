"""Share expensive read-only fixtures between processes: the first process makes one, the others read it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER_VARIABLE = "STEELYARD_TEST_FOLDER"


def made_once(name: str, make: Callable[[Path], object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the shared folder of this name; the first process fills it with ``make``. Copy it, do not change it.

    All workers of a pytest run share it. Several runs share it if ``STEELYARD_TEST_FOLDER`` is set to a new folder, as in ``make
    test``. Other processes wait while it is made; if that fails, the next one tries.
    """
    folder = shared_folder(tmp_path_factory) / name
    made = folder.with_suffix(".made")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder shared by all workers of a pytest run, or by all runs with the same ``STEELYARD_TEST_FOLDER``."""
    if named := os.environ.get(FOLDER_VARIABLE):
        folder = Path(named)
    else:
        own = tmp_path_factory.getbasetemp()
        folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "made_once"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
