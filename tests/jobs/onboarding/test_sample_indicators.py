"""`config check --sources`: what each indicator is on a sample of the deliveries, and what it lacks there."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from jobs.commands.config import app
from jobs.foundation.errors import ConfigError
from jobs.onboarding.possible_indicators import possible_indicators
from jobs.profile.mapping import load_mapping
from jobs.profile.profile import CONFIG_ROOT, Sample
from jobs.sources.deliveries import Delivery
from jobs.sources.file_source import newest_within
from jobs.sources.landing import land

HEAD = """
contract = "{contract}"
owner = "City"
format = "csv"
files = "{name}/{{delivered_on}}/*.csv"
delivery = "increment"
[raw]
columns = [{raw}]
[columns]
"""
REGISTER = """entity_id = "id"
id_scheme = "'us.san_francisco.business'"
name = "name"
status = "'active'"
region_code = "'94103'"
address = "address"
established_on = "cast(try_to_timestamp(nullif(begun, ''), 'yyyy-MM-dd') as date)"
"""
TAX = """entity_id = "id"
tax_type = "kind"
period_start = "cast(try_to_timestamp(month, 'yyyy-MM-dd') as date)"
period_end = "last_day(cast(try_to_timestamp(month, 'yyyy-MM-dd') as date))"
declared_revenue_minor = "cast(sales as bigint)"
employees = "cast(staff as int)"
"""
DAY = "2017-08-31"


def profile_in(folder: Path, sources: dict[str, tuple[str, str, str]]) -> Path:
    """The San Francisco profile with these sources: contract, raw columns and mapped columns by name."""
    folder.mkdir()
    shutil.copy(CONFIG_ROOT / "san_francisco" / "profile.toml", folder)
    (folder / "sources").mkdir()
    for name, (contract, raw, columns) in sources.items():
        head = HEAD.format(contract=contract, name=name, raw=", ".join(f'"{column}"' for column in raw.split(",")))
        (folder / "sources" / f"{name}.toml").write_text(head + columns, encoding="utf-8")
    return folder


def deliver(sources: Path, name: str, header: str, rows: list[str], day: str = DAY) -> None:
    folder = sources / name / day
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def city(tmp_path: Path) -> tuple[Path, Path]:
    """A register whose establishment dates are all empty, and returns that are all of one tax and one number of employees."""
    register, tax = "id,name,address,begun", "id,kind,month,sales,staff"
    profile = profile_in(tmp_path / "city", {"register": ("registration", register, REGISTER), "tax": ("tax_filing", tax, TAX)})
    sources = tmp_path / "deliveries"
    deliver(sources, "register", register, [f"B{n},Shop {n},{n} Main St," for n in range(40)])
    months = [f"2017-{month:02}-01" for month in range(1, 8)]
    deliver(sources, "tax", tax, [f"B{n},excise,{month},{n * 1000 + 500},3" for n in range(40) for month in months])
    return profile, sources


def check(profile: Path, sources: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["check", "--profile", str(profile), "--sources", str(sources), *more])


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The findings on the city's sample as JSON, and those of the mappings alone as ``mapped``."""
    profile, sources = city(tmp_path_factory.mktemp("city"))
    before = set(Path(tempfile.gettempdir()).glob("steelyard-sample-*"))
    done = check(profile, sources, "--json")
    assert done.exit_code == 0, done.output
    mapped = {one.indicator.column: one.outcome for one in possible_indicators(profile)}
    left = set(Path(tempfile.gettempdir()).glob("steelyard-sample-*")) - before
    return {**json.loads(done.stdout), "mapped": mapped, "left": left}


@pytest.mark.parametrize(
    ("column", "outcome", "lacks"),
    [
        ("sales_12m", "null", {"single": [], "uncounted": ["tax_filing.tax_type = vat, sales"]}),
        ("age_days", "null", {"empty": ["registration.established_on"]}),
        ("employees", "constant", {"always": "3.0", "single": ["tax_filing.employees = 3"]}),
        ("entities_at_address", "constant", {"empty": [], "single": []}),
    ],
)
def test_the_sample_says_what_the_mappings_cannot(found: dict[str, Any], column: str, outcome: str, lacks: dict[str, Any]) -> None:
    assert found["mapped"][column] == "computed"
    shown = found["indicators"][column]
    assert shown["outcome"] == outcome
    assert {part: shown.get(part, []) for part in lacks} == lacks


def test_the_day_of_the_sample_is_named_and_its_home_is_deleted(found: dict[str, Any]) -> None:
    assert (found["sample"], found["left"]) == ({"as_of": DAY}, set())


@pytest.mark.parametrize(
    ("language", "title", "line"),
    [
        ("en", f"on a sample of the newest deliveries, as of {DAY}", "null; the sample has no record of tax_filing"),
        ("zh-Hans", f"按最新交付数据的样本计算的指标，基准日 {DAY}", "空值; 样本中没有 tax_filing 的记录"),
        ("zh-Hant", f"按最新交付資料的樣本計算的指標，基準日 {DAY}", "空值; 樣本中沒有 tax_filing 的記錄"),
    ],
)
def test_a_mapped_source_that_delivered_nothing_is_named(tmp_path: Path, language: str, title: str, line: str) -> None:
    profile, sources = city(tmp_path)
    shutil.rmtree(sources / "tax")
    done = check(profile, sources, "--language", language)
    assert (done.exit_code, title in done.stdout) == (0, True), done.output
    (shown,) = (text for text in done.stdout.splitlines() if text.strip().startswith("employees "))
    assert line in shown


def test_without_a_delivery_the_mappings_are_shown_and_the_reason(tmp_path: Path) -> None:
    profile, sources = city(tmp_path)
    shutil.rmtree(sources)
    sources.mkdir()
    done = check(profile, sources)
    assert done.exit_code == 0, done.output
    assert "There is no sample: no source of the profile has a delivery" in done.stdout
    assert "What the mappings make possible:" in done.stdout


def test_a_folder_that_does_not_exist_is_an_error_with_exit_code_2(tmp_path: Path) -> None:
    profile, sources = city(tmp_path)
    done = check(profile, sources / "nowhere")
    assert isinstance(done.exception, ConfigError)
    assert (done.exception.exit_code, done.exception.where) == (2, str(sources / "nowhere"))


@pytest.mark.parametrize(("most", "days"), [(1, [3]), (20, [3]), (30, [2, 3]), (1000, [1, 2, 3])])
def test_a_sample_has_the_newest_deliveries_within_its_bytes(tmp_path: Path, most: int, days: list[int]) -> None:
    deliveries = []
    for day, size in ((1, 100), (2, 10), (3, 20)):
        (tmp_path / f"{day}.csv").write_bytes(b"x" * size)
        deliveries.append(Delivery(date(2026, 1, day), (tmp_path / f"{day}.csv",)))
    assert [delivery.delivered_on.day for delivery in newest_within(deliveries, most)] == days


def test_a_sample_has_the_first_records_of_a_file(tmp_path: Path) -> None:
    profile, sources = city(tmp_path)
    mapping = load_mapping(profile / "sources" / "register.toml")
    deliveries = [Delivery(date.fromisoformat(DAY), (sources / "register" / DAY / "a.csv",))]
    landed = land(mapping, deliveries, sources, tmp_path / "raw", limits=Sample(first_rows=7))
    assert landed.read == {date.fromisoformat(DAY): 7}
