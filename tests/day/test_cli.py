"""Every verb reports common mistakes with an exit code, what was wrong, where, and what to do; never with a traceback."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from expectations.contracts import scoring
from expectations.contracts.indicators import features_contract
from jobs.foundation.locks import hold_home_lock
from jobs.lake.maintenance.retention import trim_to_listed
from jobs.lake.manifests import keep_time_travel_since
from jobs.steps.target_list import TIE_KEY_VARIABLE
from tests.day.command import Outcome, steelyard
from tests.day.town import PROFILE, SOURCES, TODAY, YESTERDAY, Town

STAGES = ("ingest", "gate", "conform", "settle")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that nothing was run in."""
    return tmp_path / "home"


@pytest.fixture
def given(home: Path) -> dict[str, object]:
    """Sound options, for a mistake to be put among."""
    return {"--profile": PROFILE, "--sources": SOURCES, "--home": home, "--as-of": TODAY}


def call(capfd: pytest.CaptureFixture[str], verb: str, options: dict[str, object], *arguments: object) -> Outcome:
    flat = [part for option in options.items() for part in option]
    return steelyard(capfd, *verb.split(), *arguments, *flat)


def assert_explained(done: Outcome, code: int, *words: str) -> None:
    """What, where and what next, on standard error alone."""
    assert done.code == code, done.err
    lines = [line for line in done.err.splitlines() if not line.startswith("{")]
    assert [line.split(":")[0].strip() for line in lines] == ["steelyard", "where", "next"], done.err
    assert all(line.split(":", 1)[1].strip() for line in lines)
    assert not [word for word in words if word not in done.err], done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def options_of(verb: str, given: dict[str, object]) -> dict[str, object]:
    """The options that a verb takes, all sound."""
    takes = {
        "run": ("--profile", "--sources", "--home", "--as-of"),
        **dict.fromkeys(STAGES, ("--profile", "--sources", "--home", "--as-of")),
        "evaluate": ("--profile", "--sources", "--home"),
    }.get(verb, ("--profile", "--home", "--as-of"))
    options = {name: given[name] for name in takes}
    if verb in STAGES:
        options["--source"] = "shops"
    if verb == "evaluate":
        options |= {"--first": "2026-04-30", "--last": "2026-05-31"}
    if verb == "export":
        options["--out"] = Path(str(given["--home"])) / "list.csv"
    return options


ARGUMENTS = {"trace": ("S01",), "export": ("risk_list",)}
VERBS = ("run", *STAGES, "link", "features", "train", "score", "target", "evaluate", "trace", "export")
WITH_DAY = tuple(verb for verb in VERBS if verb != "evaluate")
WRITING = tuple(verb for verb in VERBS if verb not in ("settle", "trace", "export"))


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_profile_is_refused_with_the_known_ones(
    verb: str, given: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    options = options_of(verb, given) | {"--profile": "atlantis"}
    assert_explained(call(capfd, verb, options, *ARGUMENTS.get(verb, ())), 2, "'atlantis'", "cn")


@pytest.mark.parametrize("verb", WITH_DAY)
@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "20260630"])
def test_an_invalid_date_is_refused(verb: str, text: str, given: dict[str, object], capfd: pytest.CaptureFixture[str]) -> None:
    options = options_of(verb, given) | {"--as-of": text}
    assert_explained(call(capfd, verb, options, *ARGUMENTS.get(verb, ())), 2, repr(text), "--as-of", "YYYY-MM-DD")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({}, ("no day", "--as-of DAY")),
        ({"--first": "2026-06-29"}, ("neither one day nor one range", "--last DAY")),
        ({"--as-of": "2026-06-30", "--first": "2026-06-29", "--last": "2026-06-30"}, ("neither one day nor one range",)),
        ({"--first": "2026-06-30", "--last": "2026-06-29"}, ("2026-06-29 is before 2026-06-30", "--last")),
    ],
)
def test_a_run_needs_one_day_or_one_range(
    days: dict[str, object], words: tuple[str, ...], given: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    options = {name: value for name, value in options_of("run", given).items() if name != "--as-of"}
    assert_explained(call(capfd, "run", options | days), 2, *words)


@pytest.mark.slow
@pytest.mark.usefixtures("spark")
def test_a_range_makes_the_list_of_each_day(given: dict[str, object], capfd: pytest.CaptureFixture[str]) -> None:
    options = {name: value for name, value in options_of("run", given).items() if name != "--as-of"}

    done = call(capfd, "run", options | {"--first": YESTERDAY, "--last": TODAY})

    assert done.code == 0, done.err
    reports = [path.name for path in sorted((Path(str(given["--home"])) / "reports").glob("*.html"))]
    assert reports == [f"risk_list_{YESTERDAY}.html", f"risk_list_{TODAY}.html"]
    assert str(TODAY) in done.out


@pytest.mark.parametrize("verb", ["run", "ingest", "gate", "conform", "evaluate"])
def test_a_missing_sources_folder_is_named(
    verb: str, given: dict[str, object], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = options_of(verb, given) | {"--sources": tmp_path / "nowhere"}
    assert_explained(call(capfd, verb, options), 2, str(tmp_path / "nowhere"), "--sources")


@pytest.mark.parametrize("verb", ["run", "ingest", "gate", "conform", "evaluate"])
@pytest.mark.parametrize("own", ["lake", "manifests", ".steelyard-scratch/raw"])
def test_deliveries_within_a_folder_that_the_home_writes_are_refused_and_stay(
    verb: str, own: str, given: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    delivery = Path(str(given["--home"])) / own / "returns.csv"
    delivery.parent.mkdir(parents=True)
    delivery.write_text("x", encoding="utf-8")
    options = options_of(verb, given) | {"--sources": delivery.parent}
    assert_explained(call(capfd, verb, options), 2, str(delivery.parent), "in a folder that Steelyard writes", "outside the home")
    assert delivery.exists()


@pytest.mark.parametrize("verb", STAGES)
def test_an_unknown_source_is_refused_with_the_known_ones(
    verb: str, given: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    options = options_of(verb, given) | {"--source": "shop"}
    assert_explained(call(capfd, verb, options), 2, "'shop'", "complaints, console_results, returns, shops, visits")


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("verb", ["conform", "settle"])
def test_a_source_that_comes_with_steelyard_is_no_part_of_a_day_before_its_first_delivery(
    verb: str, given: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    done = call(capfd, verb, options_of(verb, given) | {"--source": "console_results"})

    assert (done.code, "not begun" in done.err) == (0, True)
    assert not (Path(str(given["--home"])) / "manifests" / "sources" / "console_results").exists()


@pytest.mark.parametrize("verb", [*WRITING, "settle"])
def test_a_home_that_cannot_be_written_is_explained(verb: str, given: dict[str, object], capfd: pytest.CaptureFixture[str]) -> None:
    home = Path(str(given["--home"]))
    home.write_text("a file, where a folder should be", encoding="utf-8")
    assert_explained(call(capfd, verb, options_of(verb, given)), 2, str(home), "give")


@pytest.mark.parametrize("verb", WRITING)
def test_a_second_run_in_one_home_is_refused_with_advice_to_wait(
    verb: str, given: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    home = Path(str(given["--home"]))
    with hold_home_lock(home):
        assert_explained(call(capfd, verb, options_of(verb, given)), 6, "another run", str(home), "wait")


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("features", ("no entity", "ingest")),
        ("train", ("no entity",)),
        ("score", ("no model", "steelyard train")),
        ("target", ("not scored", "steelyard run")),
        ("trace", ("gold.scores", "steelyard run")),
        ("export", ("no list", "steelyard run")),
        ("evaluate", ("no entity",)),
    ],
)
def test_a_step_without_its_inputs_says_what_to_run_first(
    verb: str, words: tuple[str, ...], given: dict[str, object], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    given["--sources"] = tmp_path / "empty"
    done = call(capfd, verb, options_of(verb, given), *ARGUMENTS.get(verb, ()))
    assert_explained(done, 4, *words)


def test_evaluation_dates_in_the_wrong_order_are_refused(given: dict[str, object], capfd: pytest.CaptureFixture[str]) -> None:
    options = options_of("evaluate", given) | {"--first": "2026-05-31", "--last": "2026-02-28"}
    assert_explained(call(capfd, "evaluate", options), 2, "--first", "--last")


def test_an_invalid_evaluation_date_is_refused_with_its_option(given: dict[str, object], capfd: pytest.CaptureFixture[str]) -> None:
    options = options_of("evaluate", given) | {"--last": "May"}
    assert_explained(call(capfd, "evaluate", options), 2, "'May'", "--last")


def test_an_unknown_table_and_an_unknown_format_cannot_be_exported(
    given: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    options = options_of("export", given)
    assert_explained(call(capfd, "export", options, "scores"), 2, "'scores'", "risk_list")
    assert_explained(call(capfd, "export", options | {"--format": "xlsx"}, "risk_list"), 2, "'xlsx'", "csv")


def test_a_missing_option_is_wrong_usage(capfd: pytest.CaptureFixture[str]) -> None:
    done = steelyard(capfd, "run", "--profile", PROFILE)
    assert (done.code, "--sources" in done.err, "Traceback" in done.err) == (2, True, False)


def test_an_unknown_verb_is_wrong_usage(capfd: pytest.CaptureFixture[str]) -> None:
    done = steelyard(capfd, "rum")
    assert (done.code, "rum" in done.err, "Traceback" in done.err) == (2, True, False)


def test_an_invalid_profile_toml_is_reported_with_its_line(
    given: dict[str, object], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(PROFILE, tmp_path / "p")
    (tmp_path / "p" / "profile.toml").write_text('name = "town\n', encoding="utf-8")
    assert_explained(call(capfd, "run", given | {"--profile": tmp_path / "p"}), 2, "profile.toml", "line 1")


def test_a_public_tie_key_gives_one_warning(
    golden: Town, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"--profile": PROFILE, "--home": golden.copy(tmp_path).home, "--as-of": TODAY}
    done = call(capfd, "target", options)
    assert (done.code, done.err.count(f"{TIE_KEY_VARIABLE} is not set")) == (0, 1)
    monkeypatch.setenv(TIE_KEY_VARIABLE, "a secret")
    done = call(capfd, "target", options)
    assert (done.code, TIE_KEY_VARIABLE in done.err) == (0, False)


def test_an_unknown_entity_cannot_be_traced(golden: Town, capfd: pytest.CaptureFixture[str]) -> None:
    options = {"--profile": PROFILE, "--home": golden.home, "--as-of": TODAY}
    for entity in ("S99", "S01' OR '1'='1", "", "../S01"):
        assert_explained(call(capfd, "trace", options, entity), 4, "was not scored", str(TODAY))


def test_a_day_that_was_not_run_cannot_be_exported(golden: Town, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = {"--profile": PROFILE, "--home": golden.home, "--as-of": "2026-06-28", "--out": tmp_path / "list.csv"}
    assert_explained(call(capfd, "export", options, "risk_list"), 4, "2026-06-28")
    assert not (tmp_path / "list.csv").exists()


def test_a_listing_is_traced_to_the_rows_of_its_files(golden: Town, capfd: pytest.CaptureFixture[str]) -> None:
    options = {"--profile": PROFILE, "--home": golden.home, "--as-of": TODAY}
    done = call(capfd, "trace", options, "S16", "--json")
    assert done.code == 0
    for place in ("shops/2026-04-01/register.csv", "returns/2026-06-30/late.csv", "complaints/2026-06-29/day.jsonl"):
        assert place in done.out


def test_an_unlisted_entity_is_traced_when_only_indicators_of_listed_entities_are_kept(
    yesterday: Town, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    town = yesterday.copy(tmp_path)
    unlisted = min({*town.rows(scoring.SCORES, YESTERDAY)["entity_id"]} - {*town.rows(scoring.RISK_LIST, YESTERDAY)["entity_id"]})
    later = YESTERDAY + timedelta(days=60)
    assert trim_to_listed(town.lake, features_contract(), "features", later, days=35) == (YESTERDAY,)
    keep_time_travel_since(town.home, TODAY)
    options = {"--profile": PROFILE, "--home": town.home, "--as-of": YESTERDAY}
    done = call(capfd, "trace", options, unlisted)
    assert (done.code, "no longer retained" in done.out) == (0, True), done.err
    assert "register.csv" in done.out


def test_a_stopped_source_gives_exit_code_3_only_with_strict(
    yesterday: Town, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = yesterday.copy(tmp_path)
    (broken.sources / "visits" / str(TODAY) / "reports.csv").write_bytes(b"\x00\xff" * 100)
    options = {"--profile": PROFILE, "--sources": broken.sources, "--home": broken.home, "--as-of": TODAY, "--source": "visits"}
    assert call(capfd, "ingest", options).code == 0
    assert call(capfd, "gate", options).code == 0
    asked = call(capfd, "gate", options, "--strict")
    assert (asked.code, "visits, delivery of 2026-06-30" in asked.err) == (3, True)
