"""A process that keeps one engine session and runs programs on it one after another, as ``python -m`` does.

Starting a Spark driver takes longer than a test. Run as a module, it writes lines of JSON to standard output: first 0 when its
session is open, then the exit code of each program.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class EngineProcess:
    """Starts and controls the process from a test."""

    def __init__(self, folder: Path, environment: Mapping[str, str], cwd: Path) -> None:
        """Start the process; all logs are in ``folder``."""
        self._folder = folder
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "process.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._answer()

    def run(self, words: Sequence[str], more: Mapping[str, str]) -> tuple[int, str]:
        """Run ``python -m`` with added environment variables; return the exit code and the output."""
        self._count += 1
        log = self._folder / f"program-{self._count}.log"
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"words": list(words), "environment": dict(more), "log": str(log)}) + "\n")
        self._process.stdin.flush()
        return self._answer(), log.read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        """Let the process end; kill it after a minute."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> int:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            log = (self._folder / "process.log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"the process with the engine's session ended with {self._process.wait()}:\n{log[-3000:]}")
        code: int = json.loads(line)
        return code


def _serve() -> None:
    """Run programs until standard input ends."""
    from jobs.engine.session import open_session

    # Copies, since programs have other standard streams.
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    open_session()
    print(0, file=answers, flush=True)
    for line in requests:
        request = json.loads(line)
        with _output_to(request["log"]):
            code = _run(request["words"], request["environment"])
        print(code, file=answers, flush=True)


@contextmanager
def _output_to(log: str) -> Iterator[None]:
    saved = [os.dup(1), os.dup(2)]
    with Path(log).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        for stream, number, copy in zip((sys.stdout, sys.stderr), (1, 2), saved, strict=True):
            stream.flush()
            os.dup2(copy, number)
            os.close(copy)


def _run(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a module as a program with added environment variables; return its exit code."""
    argv, before = sys.argv, dict(os.environ)
    os.environ.update(environment)
    time.tzset()
    sys.argv = list(words)
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.argv = argv
        os.environ.clear()
        os.environ.update(before)
        time.tzset()
    return 0


if __name__ == "__main__":
    _serve()
