"""The temporary home of a replay is deleted afterwards, also when the process is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from jobs.replay import temporary_home

ROOT = Path(__file__).resolve().parents[2]
WAITS = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell without job control makes background processes ignore it
from jobs.replay import temporary_home
with temporary_home() as home:
    (home / "made").write_text("x")
    print(home, flush=True)
    time.sleep(60)
"""


def test_the_home_is_deleted_when_the_block_ends_or_fails() -> None:
    with temporary_home() as one:
        (one / "made").write_text("x")
    with pytest.raises(RuntimeError), temporary_home() as other:
        raise RuntimeError
    assert not one.exists()
    assert not other.exists()


def test_signal_handlers_are_restored() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with temporary_home():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_home_is_deleted_when_the_process_is_stopped(number: signal.Signals, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", WAITS], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        home = Path(process.stdout.readline().strip())
        assert (home.parent, home.is_dir()) == (tmp_path, True)
        process.send_signal(number)
        assert process.wait(30) != 0
    assert not home.exists()
    assert tempfile.gettempdir() != str(tmp_path)
