"""No instant depends on the time zone of the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from datetime import datetime
from jobs.engine.session import open_session
from jobs.transforms.latest_known import instant_sql
row = open_session().sql(f"SELECT unix_seconds({instant_sql(datetime(2026, 1, 1, 16))}) AS at").collect()[0]
print(row["at"])
"""


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/Chicago"])
def test_a_literal_is_the_same_instant_wherever_the_machine_is(zone: str) -> None:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, env={**os.environ, "TZ": zone}, capture_output=True, text=True)
    assert done.stdout.split()[-1] == "1767283200", done.stderr
