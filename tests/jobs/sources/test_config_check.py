"""`config check`: every mistake at once, in the profile, the mappings' shape and their SQL."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields, replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from jobs.commands.config import app
from jobs.formats.registry import FILE_FORMATS
from jobs.onboarding.mapping_check import check_profile
from jobs.onboarding.possible_indicators import possible_indicators
from jobs.profile.mapping_schema import MappingSettings
from jobs.profile.profile import CONFIG_ROOT

MAPPING = """
contract = "complaint"
owner = "热线"
format = "csv"
files = "complaint/{delivered_on}/*.csv"
delivery = "increment"
[raw]
columns = ["编号", "日期", "Code"]
[columns]
complaint_id = "trim(`编号`)"
received_on = "cast(try_to_timestamp(`日期`, 'yyyy-MM-dd') as date)"
"""


def profile_of(folder: Path, mapping: str = MAPPING, before: str = "", after: str = "") -> Path:
    """A copy of the cn profile with one change and one mapping."""
    text = (CONFIG_ROOT / "cn" / "profile.toml").read_text(encoding="utf-8")
    assert before in text
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "profile.toml").write_text(text.replace(before, after, 1) if before else text, encoding="utf-8")
    (folder / "sources" / "complaints.toml").write_text(mapping, encoding="utf-8")
    return folder


def found(folder: Path, spark, sources: Path | None = None) -> list[tuple[bool, str, str, str]]:
    findings = check_profile(folder, lambda: spark, sources)
    return [(one.problem.is_error, one.problem.setting, one.problem.what, one.problem.next_step) for one in findings]


def test_a_sound_profile_has_no_finding(tmp_path: Path, spark) -> None:
    assert found(profile_of(tmp_path), spark) == []


@pytest.mark.parametrize("name", sorted(path.parent.name for path in CONFIG_ROOT.glob("*/profile.toml")))
def test_the_profiles_that_come_with_steelyard_have_no_finding(name: str, spark) -> None:
    assert found(CONFIG_ROOT / name, spark) == []


@pytest.mark.parametrize(
    ("before", "after", "setting", "next_step"),
    [
        ('time_zone = "Asia/Shanghai"', 'time_zone = "Asia/Shangai"', "time_zone", "Asia/Shanghai"),
        ("[peers]", "[pears]", "pears", "did you mean 'peers'"),
        ("minimum = 30", "minimun = 30", "peers.minimun", "did you mean 'minimum'"),
        ("minimum = 30", 'minimum = "30"', "peers.minimum", "a whole number"),
        ("D = 0.015", "A = 700\nD = 0.015", "classes", "shares of the population or multiples of the base rate"),
        ("D = 0.015", "D = 0.015\nE = 0.1", "classes.E", "use one of B, C, D"),
        ("B = 0.25", "B = 0.95", "classes", "less than 1 in all"),
        ("C = 0.08", "C = 0", "classes.C", "above 0"),
        ('by = "shares"', 'by = "multiples"', "classes", "B < C < D"),
        ('by = "shares"', 'by = "points"', "classes.by", "use one of multiples, shares"),
        ('kind = "margin"', 'kind = "margins"', "objective.kind", "did you mean 'margin'"),
        ('statuses = ["active"]', 'statuses = ["activ"]', "objective.statuses", "did you mean 'active'"),
        ('"sunday"', '"sonday"', "calendar.weekend[2]", "did you mean 'sunday'"),
        ("holidays = []", 'holidays = ["2026-02-30"]', "calendar.holidays[1]", "2026-10-01"),
        ("default = 40", "default = -1", "capacity.default", "0 or more"),
        ("age_bands_years = [1, 3, 10]", "age_bands_years = [1, 10, 3]", "peers.age_bands_years", "rising order"),
        ("minor_units = 2", "minor_units = 9", "minor_units", "0 to 4"),
        ("level = 0.9", "level = 1.5", "certainty.level", "above 0 and below 1"),
        ("fresh_days = 92", "fresh_days = -1", "certainty.fresh_days", "0 days or more"),
        ("half_life_days = 365", "half_life_days = 0", "certainty.half_life_days", "more than 0"),
        ('ordinary = "B"', 'ordinary = "E"', "certainty.ordinary", "use one of"),
        ("anomaly_weight = 0.5", "anomaly_wieght = 0.5", "scoring.anomaly_wieght", "did you mean 'anomaly_weight'"),
        ("anomaly_weight = 0.5", "anomaly_weight = -1", "scoring.anomaly_weight", "0 or more"),
        ("seed = 20260101", "seed = 1.5", "training.seed", "a whole number"),
        ("seed = 20260101", "seed = -1", "training.seed", "0 or more"),
        ("weight_cap = 10.0", "weight_cap = 0.5", "training.weight_cap", "1 or more"),
        ("most_labels = 100_000", "most_labels = 0", "training.most_labels", "1 or more"),
        ("most_labels = 100_000", "most_labels = 599", "training.most_labels", "twice training.minimum_labels"),
        ("time_travel_days = 35", "time_travel_days = 0", "retention.time_travel_days", "1 or more"),
        ("capacity_share = 0.2", "capacity_share = 0", "evaluation.capacity_share", "above 0 and at most 1"),
        ("draws = 500", "draws = 0", "evaluation.draws", "1 or more"),
        ("auc_bound = 0.9", "auc_bound = 0.5", "evaluation.auc_bound", "more than 0.5"),
        ("by_region = {}", "by_region = 3", "capacity.by_region", "a table"),
        ("minimum = 30", "minimum = nan", "peers.minimum", "a whole number"),
        ('industry_scheme = "gbt4754"', 'industry_scheme = "gbt4745"', "industry_scheme", "did you mean 'gbt4754'"),
        ('weekend = ["saturday", "sunday"]', "weekend = 3", "calendar.weekend", "a list"),
        ("tax.en =", "taxes.en =", "legal_bases.taxes", "did you mean 'tax'"),
        ("tax.en =", "#", "legal_bases.tax.en", "both languages"),
        ("[legal_bases]", "[legal_bases]\nage_days = 1", "legal_bases.age_days", "a table"),
    ],
)
def test_each_mistake_in_a_profile_is_named_with_what_to_do(
    tmp_path: Path, spark, before: str, after: str, setting: str, next_step: str
) -> None:
    findings = found(profile_of(tmp_path, before=before, after=after), spark)
    assert any(is_error and at == setting and next_step in what_to_do for is_error, at, _, what_to_do in findings)


@pytest.mark.parametrize(
    ("sql", "said", "is_error"),
    [
        ("trim(`编号`", "brackets that do not match", True),
        ("trim(`编码`)", "`编码`, which is not among raw.columns", True),
        ("missing_column", "the engine refuses it", True),
        ("code", "but the raw column is 'Code'", False),
        ("char_length(`编号`) / length(`日期`)", "a division fails the run", False),
    ],
)
def test_each_mistake_in_sql_is_named_by_its_column(tmp_path: Path, spark, sql: str, said: str, is_error: bool) -> None:
    findings = found(profile_of(tmp_path, MAPPING + f'entity_name = "{sql}"\n'), spark)
    assert [(one[0], one[1]) for one in findings if said in one[2]] == [(is_error, "columns.entity_name")]


def test_casts_need_no_warning_since_they_are_run_as_try_cast(tmp_path: Path, spark) -> None:
    assert found(profile_of(tmp_path, MAPPING + 'severity = "cast(`编号` as int)"\n'), spark) == []


def test_keep_must_be_a_condition_and_known_at_a_timestamp(tmp_path: Path, spark) -> None:
    mapping = MAPPING.replace("[raw]", 'keep = "trim(Code)"\nknown_at = "length(Code)"\n[raw]')
    assert [(is_error, setting) for is_error, setting, _, _ in found(profile_of(tmp_path, mapping), spark)] == [
        (False, "known_at"),
        (True, "keep"),
    ]


def test_all_files_are_looked_at_though_one_is_no_toml(tmp_path: Path, spark) -> None:
    folder = profile_of(tmp_path, MAPPING.replace("owner", "owener"), before="minimum = 30", after='minimum = "30"')
    (folder / "sources" / "b.toml").write_text("x = ", encoding="utf-8")
    assert {setting for _, setting, _, _ in found(folder, spark)} == {"peers.minimum", "owener", "owner", "the file"}


def test_a_profile_without_mappings_is_a_warning(tmp_path: Path, spark) -> None:
    folder = profile_of(tmp_path)
    shutil.rmtree(folder / "sources")
    assert [(is_error, setting) for is_error, setting, _, _ in found(folder, spark)] == [(False, "sources/")]


def test_parquet_is_tried_with_the_types_that_its_files_have(tmp_path: Path, spark) -> None:
    mapping = MAPPING.replace('"csv"', '"parquet"').replace(".csv", ".parquet") + 'severity = "Code * 2"\n'
    folder = profile_of(tmp_path, mapping)
    assert [(is_error, setting) for is_error, setting, _, _ in found(folder, spark)] == [(False, "columns.severity")]
    day = tmp_path / "in" / "complaint" / "2026-01-02"
    day.mkdir(parents=True)
    parquet.write_table(pa.table({"编号": ["1"], "日期": ["2026-01-01"], "Code": [1.0]}), day / "a.parquet")
    assert found(folder, spark, tmp_path / "in") == []


@pytest.mark.parametrize("kind", ["decimal(18,2)", "decimal(38,38)", "decimal(39,2)", "decimal(4,5)", "decimal", "float"])
def test_a_declared_type_is_one_that_every_engine_has(tmp_path: Path, spark, kind: str) -> None:
    mapping = MAPPING.replace('"csv"', '"parquet"').replace(".csv", ".parquet")
    mapping = mapping.replace("[columns]", f"[raw.types]\nCode = '{kind}'\n[columns]")
    problems = [(is_error, setting) for is_error, setting, _, _ in found(profile_of(tmp_path, mapping), spark)]
    assert problems == ([] if kind in ("decimal(18,2)", "decimal(38,38)") else [(True, "raw.types.Code")])


def test_types_are_refused_with_the_names_of_the_formats_that_have_them(
    tmp_path: Path, spark, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = replace(FILE_FORMATS["parquet"], name="blocks")
    monkeypatch.setitem(FILE_FORMATS, "blocks", blocks)
    mapping = MAPPING.replace("[columns]", "[raw.types]\nCode = 'string'\n[columns]")
    ((_, setting, what, _),) = found(profile_of(tmp_path, mapping), spark)
    named, _, then = what.partition("; ")
    assert (setting, then) == ("raw.types", "elsewhere every column is read as text")
    assert {"parquet", "blocks"} <= set(named.removeprefix("is for ").split(", "))


def test_a_lookups_columns_may_be_named(tmp_path: Path, spark) -> None:
    mapping = MAPPING + 'entity_name = "upper(visit.Results)"\naddress = "`visit`.`地址`"\n'
    mapping += '[[lookups]]\nname = "visit"\nfiles = "v.csv"\nformat = "csv"\nkey = "Code"\n'
    assert found(profile_of(tmp_path, mapping), spark) == []


def test_the_mapping_in_the_documentation_is_sound(tmp_path: Path, spark) -> None:
    text = (CONFIG_ROOT.parent / "docs" / "reference" / "mapping.md").read_text(encoding="utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    assert found(profile_of(tmp_path, example), spark) == []


def test_the_verb_exits_with_two_when_there_are_errors(tmp_path: Path) -> None:
    profile_of(tmp_path, before="B = 0.25", after="B = 0.95")
    result = CliRunner().invoke(app, ["check", "--profile", str(tmp_path)])
    assert result.exit_code == 2
    assert "error: profile.toml: classes: the shares of B, C and D add up to 1.045" in result.stdout
    as_json = CliRunner().invoke(app, ["check", "--profile", str(tmp_path), "--json"])
    assert json.loads(as_json.stdout)["errors"] == 1


def test_the_verb_exits_with_zero_when_there_are_none(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", "--profile", str(profile_of(tmp_path))])
    assert (result.exit_code, result.stdout.strip().endswith("0 errors, 0 warnings")) == (0, True)


def test_show_says_where_in_a_database_the_records_are_and_not_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE", "postgresql://reader:hush-hush@db.example/hotline")
    database = '[database]\nurl_variable = "HOTLINE"\ntable = "hotline.calls"\ndelivered_on = "loaded_on"\nrow_key = "id"'
    lines = [line for line in MAPPING.splitlines() if not line.startswith("files")]
    mapping = "\n".join([*lines, database]).replace('"csv"', '"postgresql"')
    result = CliRunner().invoke(app, ["show", "--profile", str(profile_of(tmp_path, mapping))])
    shown = json.loads(result.stdout)["sources"]["complaints"]
    assert shown["database"] == {
        "url_variable": "HOTLINE", "table": "hotline.calls", "query": "", "delivered_on": "loaded_on", "row_key": "id",
        "look_back_days": None,
    }  # fmt: skip
    assert "hush-hush" not in result.stdout


def test_show_gives_the_resolved_profile_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEELYARD_TIE_KEY", "hush-hush")
    result = CliRunner().invoke(app, ["show", "--profile", str(profile_of(tmp_path))])
    shown = json.loads(result.stdout)
    assert shown["time_zone"] == "Asia/Shanghai"
    assert shown["sources"]["complaints"]["columns"]["complaint_id"] == "try_cast((trim(`编号`)) as string)"
    assert shown["calendar"] == {"weekend": ["saturday", "sunday"], "holidays": [], "workdays": []}
    assert shown["sources"]["complaints"]["nulls"] == [""]
    assert {setting.name for setting in fields(MappingSettings)} <= shown["sources"]["complaints"].keys()
    assert "hush-hush" not in result.stdout


def test_an_aggregate_that_a_lookup_does_not_compute_is_named_with_the_nearest(tmp_path: Path, spark) -> None:
    text = MAPPING + '\naddress = "concat(visit.frist_day, cast(visit.number as string), cast(n as string))"\n'
    text += '[[lookups]]\nname = "visit"\nfiles = "v.csv"\nformat = "csv"\nkey = "编号"\n[lookups.aggregate]\n'
    text += 'first_day = { function = "min", of = "day" }\nnumber = { function = "count" }\n'
    text += '[row_number]\nname = "n"\nwithin = ["编号"]\n'
    what = "names visit.frist_day, which the lookup does not compute"
    assert found(profile_of(tmp_path, text), spark) == [(True, "columns.address", what, "did you mean 'first_day'?")]
    (tmp_path / "sound").mkdir()
    assert found(profile_of(tmp_path / "sound", text.replace("frist", "first")), spark) == []


def changed(folder: Path, source: str, changes: dict[str, str | None]) -> Path:
    """A copy of the cn profile; one source maps columns by other expressions, or not at all."""
    shutil.copytree(CONFIG_ROOT / "cn", folder)
    path = folder / "sources" / f"{source}.toml"
    tables = ("\n" + path.read_text(encoding="utf-8")).split("\n[")
    text = "\n[".join(table for table in tables if table.partition("]")[0] not in {f"translate.{name}" for name in changes})
    kept = [line for line in text.splitlines() if line.partition(" = ")[0] not in changes]
    at = kept.index("[columns]") + 1
    kept[at:at] = [f"{name} = {json.dumps(sql)}" for name, sql in changes.items() if sql is not None]
    path.write_text("\n".join(kept), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("source", "changes", "column", "outcome", "lacks"),
    [
        ("tax", {}, "late_filing_share", "computed", ()),
        ("tax", {"filed_on": None}, "late_filing_share", "null", ("tax_filing.filed_on",)),
        ("inspection", {"items_checked": None}, "breach_rate", "null", ("inspection.items_checked",)),
        ("inspection", {"penalty_minor": "0L"}, "penalties_36m", "constant", ()),
        ("tax", {"tax_type": "'excise'"}, "sales_12m", "null", ("tax_filing.tax_type = vat, sales",)),
        ("tax", {"tax_type": "case when true then 'excise' else 'vat' end"}, "sales_12m", "computed", ()),
        ("tax", {"tax_type": "'vat'"}, "vat_cit_gap", "null", ("tax_filing.tax_type = cit",)),
        ("tax", {"tax_type": "'excise'"}, "arrears_ratio", "computed", ()),
    ],
)
def test_each_indicator_is_said_to_be_computed_constant_or_null(tmp_path, source, changes, column, outcome, lacks):
    folder = changed(tmp_path / "mine", source, changes)
    found = {one.indicator.column: one for one in possible_indicators(folder)}[column]
    assert (found.outcome, found.columns + found.values) == (outcome, lacks)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "null; not mapped: tax_filing.filed_on"),
        ("zh-Hans", "空值; 未映射：tax_filing.filed_on"),
        ("zh-Hant", "空值; 未映射：tax_filing.filed_on"),
    ],
)
def test_the_command_prints_what_the_mappings_make_possible(tmp_path, language, line):
    folder = changed(tmp_path / "mine", "tax", {"filed_on": None})
    done = CliRunner().invoke(app, ["check", "--profile", str(folder), "--language", language])
    assert done.exit_code == 0, done.output
    (shown,) = (text for text in done.output.splitlines() if text.strip().startswith("late_filing_share "))
    assert line in shown
