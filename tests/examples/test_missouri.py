"""Missouri's raw files: gallons are added up, and a list without results of visits says that a rule ranks it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from expectations.contracts import scoring
from expectations.contracts.registry import BRONZE
from jobs.cli import main
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import Profile
from jobs.report.daily_report import gather
from jobs.report.page import render_page
from jobs.report.terminal import show_list
from jobs.run_day import Day, run_day

AS_OF = date(2020, 5, 31)
SENTENCES = {
    "en": "No model ranks this list: too few results of visits are known (visits: 0, with a violation: 0).",
    "zh-Hans": "本名单未使用模型排序：已知的检查结果不足（检查 0 次，其中发现问题 0 次）",
    "zh-Hant": "本名單未使用模型排序：已知的檢查結果不足（檢查 0 次，其中發現問題 0 次）",
}


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("missouri")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Lake:
    return Lake(tmp_path_factory.mktemp("home"), spark)


@pytest.fixture(scope="module")
def day(lake: Lake, profile: Profile, real_data: Path) -> Day:
    return run_day(lake, profile, real_data / "missouri_alcohol", AS_OF)


@pytest.fixture(scope="module")
def returns(real_data: Path) -> pd.DataFrame:
    return pd.read_parquet(real_data / "missouri_alcohol" / "excise_tax_reported.parquet")


def test_every_source_passes(day: Day) -> None:
    verdicts = {manifest.source: manifest.verdict.value for manifest in day.sources}
    assert verdicts == dict.fromkeys(("licence", "out_of_business", "excise_return"), "passed")


@pytest.mark.usefixtures("day")
def test_the_gallons_of_a_licence_and_month_are_added_up(lake: Lake, returns: pd.DataFrame) -> None:
    kept = lake.read(BRONZE["tax_filing"]).toPandas()
    found = kept.set_index(["entity_id", kept["period_start"].astype(str)])["quantity_milli"]
    milli = (returns["Gallons"].astype(float) * 1000).round().astype(int)
    wanted = milli.groupby([returns["License Number"], returns["Reporting Period"]]).sum()
    assert len(returns) == 31_310
    assert found.to_dict() == wanted.to_dict()
    assert set(kept["quantity_unit"]) == {"us_gallon"}


@pytest.mark.usefixtures("day")
def test_a_closed_licence_is_not_listed_and_keeps_its_county(lake: Lake, real_data: Path) -> None:
    folder = real_data / "missouri_alcohol"
    closed = pd.read_parquet(folder / "licences_out_of_business.parquet")["License Number"]
    counties = pd.read_parquet(folder / "licences_renewed.parquet").set_index("License Number")["County"]
    listed = lake.arrow(scoring.RISK_LIST, where=f"as_of = '{AS_OF}'").to_pandas()
    assert not set(closed) & set(listed["entity_id"])
    rows = lake.read(BRONZE["registration"]).where("status = 'closed'").toPandas().set_index("entity_id")
    assert rows["region_code"].to_dict() == {licence: counties.get(licence, "unknown") for licence in closed}


@pytest.mark.usefixtures("day")
@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
def test_list_and_report_say_in_a_sentence_that_a_rule_ranks(lake: Lake, profile: Profile, language: str) -> None:
    context = gather(lake.home, profile, AS_OF)
    assert len(context.listed) > 100
    assert all(row.probability is None and row.reasons for row in context.listed)
    console = Console(width=400, record=True)
    show_list(context, console, language=language)
    for text in (console.export_text(), render_page(context, language)):
        assert SENTENCES[language] in text


def test_an_evaluation_is_refused_in_a_sentence(tmp_path: Path, real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--profile", "missouri", "--sources", str(real_data / "missouri_alcohol"), "--home", str(tmp_path / "home")]
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", *options, "--first", "2020-01-31", "--last", "2020-02-29"])
    assert ended.value.code not in (0, 1)
    assert "the profile missouri has no results of visits, so nothing says whether a score was right" in capsys.readouterr().err
