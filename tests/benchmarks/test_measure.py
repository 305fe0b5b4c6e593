"""A measurement covers the whole process tree, the logged stages and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.harness.measure import Measurement, add_sequential

HOLD = "import time; held = bytearray(120 << 20); time.sleep(1.5)"
BURN = "import time\nwhile time.process_time() < 0.6: pass"
WITH_CHILD = "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {0!r}]); exec({0!r}); child.wait()"


ROOT = Path(__file__).resolve().parents[2]
APART = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from benchmarks.harness.measure import measure
code, folder, cores = sys.argv[1:]
took = measure(
    [sys.executable, "-c", code], log=Path(folder) / "log", environment={"GREETING": "hello"}, cores=int(cores), folder=Path(folder)
)
print(json.dumps(asdict(took)))
"""


def python(code: str, tmp_path: Path, cores: int = 2) -> Measurement:
    """Measure in a small process, since the kernel counts the parent's memory as the command's."""
    done = subprocess.run(
        [sys.executable, "-c", APART, code, str(tmp_path), str(cores)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return Measurement(**json.loads(done.stdout))


def test_the_memory_of_a_child_process_is_added(tmp_path: Path):
    alone, both = python(HOLD, tmp_path), python(WITH_CHILD.format(HOLD), tmp_path)
    assert 120 < alone.peak_mib < 200
    assert both.peak_mib > 240


def test_the_processor_time_of_a_child_process_is_added(tmp_path: Path):
    alone, both = python(BURN, tmp_path), python(WITH_CHILD.format(BURN), tmp_path)
    assert 0.6 <= alone.cpu_seconds < 1.1
    assert both.cpu_seconds >= 1.2
    assert alone.wall_seconds >= 0.6


def test_a_command_gets_its_processors_folder_and_variables(tmp_path: Path):
    took = python("import os; print(len(os.sched_getaffinity(0)), os.getcwd(), os.environ['GREETING'])", tmp_path, cores=1)
    assert took.exit_code == 0
    assert (tmp_path / "log").read_text() == f"1 {tmp_path.resolve()} hello\n"


@pytest.mark.parametrize(("code", "ended"), [("import sys; sys.exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)])
def test_a_failure_has_its_exit_code(tmp_path: Path, code: str, ended: int):
    assert python(code, tmp_path).exit_code == ended


def test_only_finished_stages_are_read_from_the_log(tmp_path: Path):
    lines = [
        '{"stage": "gate", "seconds": 1.5, "source": "tax"}',
        '{"stage": "gate", "working_on": "a"}',
        "noise",
        '{"stage": "cut',
    ]
    took = python(f"import sys; sys.stderr.write({chr(10).join(lines)!r})", tmp_path)
    assert took.stages == [{"stage": "gate", "seconds": 1.5, "source": "tax"}]


def test_two_sequential_commands_are_added():
    first, second = Measurement(10.0, 12.0, 900.0, 0, [{"stage": "gate"}]), Measurement(5.0, 9.0, 400.0, 3, [{"stage": "score"}])
    assert add_sequential(first, second) == Measurement(15.0, 21.0, 900.0, 3, [{"stage": "gate"}, {"stage": "score"}])
