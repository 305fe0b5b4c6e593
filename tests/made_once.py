"""What takes long to make and is only read: made by the first process that asks, and read by all that ask after it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER_VARIABLE = "STEELYARD_TEST_FOLDER"


def made_once(name: str, make: Callable[[Path], object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this name, filled by ``make`` when no process filled it before; for copying, not for changing.

    The workers of one pytest share it; so do several pytest, one after the other, for which ``STEELYARD_TEST_FOLDER`` names
    a new folder, as ``make test`` does. A process that asks while another makes it waits; where that fails, the next one tries.
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
    """The folder that all workers of a pytest know, and all pytest of ``STEELYARD_TEST_FOLDER``."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        folder = Path(named)
    else:
        own = tmp_path_factory.getbasetemp()
        folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "made_once"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
