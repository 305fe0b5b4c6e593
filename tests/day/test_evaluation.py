"""An evaluation of the town: test visits come after the training data, and every planted leak is reported."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.cli import main
from jobs.foundation.errors import LeakFound
from jobs.foundation.files import json_text
from jobs.take_in_source import take_in_sources
from jobs.training import evaluate_profile, gather_training_set
from jobs.training.evaluate_profile import Window, evaluate_days, last_window_end
from jobs.training.summarise_evaluation import refuse_suspects, summarise
from tests.day.town import PROFILE, Town, found_town

APRIL, MAY = date(2026, 4, 30), date(2026, 5, 31)
SHOPS = [f"S{number:02}" for number in range(1, 25)]
FOUND = {shop: shop in {"S02", "S03", "S05", "S06", "S09", "S12", "S13", "S16", "S17", "S20", "S22", "S23"} for shop in SHOPS}
"""Half of them, in no order that an indicator of the town has."""

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town where every shop is visited in June and half of them found wanting, with May evaluated; for copying."""
    town = found_town(tmp_path_factory.mktemp("visited"), spark)
    rows = [
        f"V{100 + at},{shop},drawn,2026-06-10,2026-06-{10 + at % 9},2026-06-25 09:00,made,20,4,2,{'yes' if found else 'no'}"
        for at, (shop, found) in enumerate(FOUND.items())
    ]
    with (town.sources / "visits" / "2026-06-30" / "reports.csv").open("a", encoding="utf-8") as file:
        file.write("\n".join(rows) + "\n")
    evaluate(town, MAY)
    return town


@pytest.fixture
def ready(visited: Town, tmp_path: Path) -> Town:
    """That town, to be changed."""
    return visited.copy(tmp_path)


def evaluate(town: Town, *days: date) -> list[Window]:
    take_in_sources(town.lake, town.profile, town.sources, last_window_end(town.profile, list(days)))
    return evaluate_days(town.lake, town.profile, list(days))


def test_test_visits_come_after_the_day_and_training_visits_before(ready: Town) -> None:
    april, may = evaluate(ready, APRIL, MAY)
    for window in (april, may):
        on = pd.to_datetime(window.visits["day"])
        assert (on > pd.Timestamp(window.as_of)).all()
        assert (on <= pd.Timestamp(window.as_of + timedelta(days=60))).all()
        assert window.visits["entity_id"].is_unique
    # The two visits of May, known by its end, judge April and teach May; before April nobody was on the register.
    assert (april.labels, april.labels_found) == (0, 0)
    assert (may.labels, may.labels_found) == (2, 1)
    assert (may.visited, may.unknown, may.found) == (24, 0, 12)
    assert may.kind == "rule"
    assert may.best_indicator == ""


def test_the_same_visits_give_the_same_metrics(ready: Town) -> None:
    first, again = (json_text(summarise(evaluate(ready, MAY), ready.profile)) for _ in range(2))
    assert first == again
    content = json.loads(first)
    assert content["days"][0]["judged"] == 24
    assert content["promises"] == {}
    assert content["suspects"] == []
    assert {group["code"] for group in content["groups"]["selected_by"]} == {"*"}


def test_an_indicator_that_equals_the_outcome_is_reported_as_a_leak(ready: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a feature that read the future would look like: the outcomes of June among the indicators of May."""
    honest = evaluate_profile.read_features

    def planted(lake: object, as_of: date, among: pd.Index | None = None) -> pd.DataFrame:
        features = honest(lake, as_of, among)
        return features.assign(complaint_rate=features["entity_id"].map(FOUND).astype(float))

    monkeypatch.setattr(evaluate_profile, "read_features", planted)
    content = json.loads(json_text(summarise(evaluate(ready, MAY), ready.profile)))
    with pytest.raises(LeakFound, match=r"a leak is suspected.*the indicator complaint_rate \(AUC 1\.000") as refused:
        refuse_suspects(content)
    assert refused.value.exit_code == 10


def test_a_label_known_too_late_is_refused(ready: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    known_too_early = gather_training_set.known_visits(ready.lake, ready.profile, date(2026, 7, 30))
    monkeypatch.setattr(gather_training_set, "known_visits", lambda *_: known_too_early.assign(inspected_on=MAY))
    everything = partial(_labels_known_whenever, build=gather_training_set.build_labels)
    monkeypatch.setattr(gather_training_set, "build_labels", everything)
    with pytest.raises(LeakFound, match=r"was not known before 2026-05-31 16:00:00: it must not train"):
        evaluate(ready, MAY)


def _labels_known_whenever(
    visits: pd.DataFrame, cohorts: object, *, label_days: int, known_before: object, build: object
) -> pd.DataFrame:
    assert known_before is not None
    return build(visits, cohorts, label_days=label_days, known_before=pd.Timestamp("2030-01-01"))  # type: ignore[operator]


def test_the_command_writes_metrics_and_pages_and_shows_a_summary(ready: Town, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--profile", str(PROFILE), "--sources", str(ready.sources), "--home", str(ready.home)]
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", *options, "--first", "2026-05-31", "--last", "2026-05-31"])
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert "24 visits after 1 day of scoring" in output
    assert "The model's lead" in output
    kept = sorted(path.name for path in (ready.home / "reports").glob("evaluation_*"))
    assert kept == [f"evaluation_2026-05-31_2026-05-31.{end}" for end in ("en.html", "json", "zh-Hans.html", "zh-Hant.html")]


def test_results_that_were_delivered_long_after_they_were_known_count(ready: Town, capsys: pytest.CaptureFixture[str]) -> None:
    """As when all of history comes in one folder."""
    visits = ready.sources / "visits"
    (visits / "2026-06-30").rename(visits / "2026-12-31")
    options = ["--profile", str(PROFILE), "--sources", str(ready.sources), "--home", str(ready.home)]
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", *options, "--first", "2026-05-31", "--last", "2026-05-31"])
    assert ended.value.code == 0
    assert "24 visits after 1 day of scoring" in capsys.readouterr().out


def test_a_profile_without_results_of_visits_is_refused_with_what_to_map(
    ready: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(PROFILE, tmp_path / "profile")
    (tmp_path / "profile" / "sources" / "visits.toml").unlink()
    options = ["--profile", str(tmp_path / "profile"), "--sources", str(ready.sources), "--home", str(tmp_path / "home")]
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", *options, "--first", "2026-05-31", "--last", "2026-05-31"])
    assert ended.value.code not in (0, 1)
    assert "has no results of visits, so nothing says whether a score was right" in capsys.readouterr().err
