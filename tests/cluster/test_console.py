"""The console works with its databases in PostgreSQL as with files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, FinishedDay

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def test_publishing_pages_decisions_and_the_audit_work_on_postgresql(
    finished_day: FinishedDay, postgresql: str, tmp_path: Path
) -> None:
    program = [sys.executable, "-m", "tests.cluster.console_on_postgresql"]
    command = [*program, str(finished_day.home), str(tmp_path / "console"), str(finished_day.as_of)]
    environment = {**os.environ, "STEELYARD_CONSOLE_DATABASE": postgresql, "STEELYARD_CONSOLE_HTTPS": "off"}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-3000:]
    says = json.loads(done.stdout.splitlines()[-1])
    assert says["published"] == [True, False]
    assert says["entities"] == 1500
    better = {"texts": {"en": 'It "would" be', "zh-Hans": "", "zh-Hant": ""}}
    assert says["upgraded"] == [better, "", 1048, "2026-06-12", True]
    assert says["found"][0] == says["found"][1] > 0
    assert all(all(same) for same in says["searched"])
    assert set(says["pages"]) == {200}
    assert says["decisions"] == 1
    assert says["appeals"] == 1
    assert says["tries"] == [200, 200, ["account", 2], ["address", 2], ["audit", 2], 0]
    assert says["looks"] == 1
    assert says["figures"] > 0
    assert says["shared_identifiers"] > 0
    assert says["taken_in"] >= 3
    assert says["breaks"] == 0
    assert says["with_nul"] == [404, 200, 200, 200, 200, 200, 200]
    assert says["at_once"] == 60
    assert says["woken"] == ["to_review", "to_review"]
    assert says["breaks_at_last"] == 0
    # A reader sees the whole list and index until thinning commits.
    assert says["while_thinning"] == [[1500, *says["index"]]] * 3
    assert says["kept"] < 1500
    assert says["found_of_kept"][0] == says["found_of_kept"][1] > 0
    assert [limit for limit, _ in says["limits"]] == ["30s"] * 3
    assert [schema.partition("_")[0] for _, schema in says["limits"]] == ["console", "evidence", "run"]
