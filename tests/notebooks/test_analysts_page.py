"""The code of the analysts' pages runs as it is written there."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from tests.conftest import ROOT, FinishedDay

pytestmark = pytest.mark.timeout(900)

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_pages_code_runs_and_gives_what_it_says(finished_day: FinishedDay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEELYARD_HOME", str(finished_day.home))
    monkeypatch.setenv("STEELYARD_AS_OF", str(finished_day.as_of))
    (opening,) = BLOCK.findall((ROOT / "docs" / "how-to" / "explore-the-lake.md").read_text(encoding="utf-8"))
    trying = BLOCK.findall((ROOT / "docs" / "how-to" / "try-an-indicator.md").read_text(encoding="utf-8"))
    names: dict[str, object] = {}

    exec(opening.replace(".demo/home", str(finished_day.home)), names)
    *rest, judging = "".join(trying).strip().rsplit("\n", 1)
    exec("\n".join(rest), names)
    judged = eval(judging, names)

    assert isinstance(names["listed"], pd.DataFrame)
    assert len(names["listed"]) > 0
    assert judged.index.tolist()[:3] == ["mine", "model", "past record"]
    assert judged["auc"].between(0, 1).all()
