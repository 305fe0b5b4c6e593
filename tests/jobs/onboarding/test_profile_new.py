"""`profile new`: a commented profile that passes `config check`, a mapping for each kind of file, nothing of another city."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jobs.commands.config import app as config_app
from jobs.commands.drafts import profile_app as app
from jobs.foundation.errors import ConfigError
from jobs.onboarding.mapping_check import check_profile
from jobs.onboarding.mapping_draft import draft, draft_mapping
from jobs.onboarding.profile_draft import create_profile
from jobs.profile.load_profile import load_profile
from jobs.profile.mapping import load_mappings
from jobs.profile.profile import Profile
from jobs.sources.deliveries import find_all_deliveries
from tests.jobs.onboarding.test_city_files import FILES


def deliveries(folder: Path) -> Path:
    """Deliveries: a register by day, visits as one file of all history, duty returns that contradict each other, and notes."""
    files = {
        "shops/2023-05-01/shops.csv": FILES["french_establishments"]["text"],
        "shops/2023-06-01/shops.csv": FILES["french_establishments"]["text"],
        "visits.csv": FILES["ontario_dinesafe"]["text"],
        "duty.csv": FILES["london_alcohol_duty"]["text"].replace(",2023-02,", ",2023-01,"),
        "letters.csv": "subject,sender\nhello,me\n",
        "notes.pdf": "%PDF-1.4",
        ".hidden.csv": "a,b\n1,2\n",
    }
    for name, text in files.items():
        path = folder / "deliveries" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), encoding="utf-8")
    return folder / "deliveries"


def test_a_new_profile_passes_the_check_with_the_drafts_of_its_sources(tmp_path: Path, spark: Any) -> None:
    folder, drafts = create_profile(f"{tmp_path}/ontario", deliveries(tmp_path), "America/Toronto", "CAD")
    assert [str(one.problem) for one in check_profile(folder, lambda: spark, tmp_path / "deliveries") if one.problem.is_error] == []
    profile = load_profile(str(folder))
    assert (profile.name, profile.currency, str(profile.time_zone), profile.legal_bases) == (
        "ontario",
        "CAD",
        "America/Toronto",
        {},
    )
    mappings = load_mappings(folder)
    assert {name: one.contract.name for name, one in mappings.items()} == {"shops": "registration", "visits": "inspection"}
    assert mappings["shops"].files == "shops/{delivered_on}/*.csv"
    assert mappings["shops"].columns["id_scheme"] == "'ontario.id'"
    assert "America/Toronto" in (mappings["visits"].known_at or ""), "of one file with all history, a visit is known from its day"
    reasons = {one.file.name: one.needs for one in drafts}
    assert reasons["shops.csv"] == reasons["visits.csv"] == ""
    assert "contradict" in reasons["duty.csv"]
    assert "lacks" in reasons["letters.csv"]
    assert "PDF" in reasons["notes.pdf"]
    assert ".hidden.csv" not in reasons


def test_a_new_profile_has_nothing_of_another_city(tmp_path: Path) -> None:
    folder, _ = create_profile(f"{tmp_path}/leeds", None, "Europe/London", "GBP")
    text = (folder / "profile.toml").read_text(encoding="utf-8")
    assert not [word for word in ("hicago", "芝加哥", "Shanghai", "0.72", "Municipal") if word in text]
    settings = tomllib.loads(text)
    assert settings["evaluation"]["auc_bound"] == Profile.__dataclass_fields__["evaluation"].default_factory().auc_bound  # type: ignore[misc]
    lines = text.split("\n[", 1)[1].splitlines()
    bare = [
        line for line in lines if " = " in line and "#" not in line and not line.startswith(("en ", "zh-", "A ", "B ", "C ", "D "))
    ]
    assert len(bare) <= 5, f"nearly every setting has a comment, but not {bare}"


def test_a_profile_is_never_overwritten_and_a_bad_name_is_refused(tmp_path: Path) -> None:
    create_profile(f"{tmp_path}/leeds", None, "UTC", "XXX")
    with pytest.raises(ConfigError, match="already a profile"):
        create_profile(f"{tmp_path}/leeds", None, "UTC", "XXX")
    for name in ("New York", f"{tmp_path}/São"):
        with pytest.raises(ConfigError, match="cannot be a profile's name"):
            create_profile(name, None, "UTC", "XXX")
    with pytest.raises(ConfigError, match="no such folder"):
        create_profile(f"{tmp_path}/york", tmp_path / "gone", "UTC", "XXX")
    with pytest.raises(ConfigError, match="no time zone"):
        create_profile(f"{tmp_path}/york", None, "Mars/Base", "XXX")
    with pytest.raises(ConfigError, match="no currency"):
        create_profile(f"{tmp_path}/york", None, "UTC", 'X"\nname = "y')
    assert not (tmp_path / "york").exists()


def test_the_command_says_what_was_drafted_and_what_is_left_to_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["new", f"{tmp_path}/ontario", "--from", str(deliveries(tmp_path))])
    assert result.exit_code == 0
    assert "shops.csv -> sources/shops.toml: registration, " in result.stdout
    assert "duty.csv -> sources/duty.toml.draft: tax_filing" in result.stdout
    assert f"steelyard config check --profile {tmp_path}/ontario" in result.stdout


def test_a_file_that_differs_from_the_one_that_was_read_is_named(tmp_path: Path) -> None:
    folder = deliveries(tmp_path)
    later = folder / "shops" / "2023-07-01" / "shops.csv"
    later.parent.mkdir()
    text = (folder / "shops" / "2023-06-01" / "shops.csv").read_text(encoding="utf-8")
    header, first, *_ = text.splitlines()
    name, *others = header.split(",")
    later.write_text("\n".join([",".join([f"new_{name}", *others]), first, ""]), encoding="cp1252")
    result = CliRunner().invoke(app, ["new", f"{tmp_path}/ontario", "--from", str(folder)])
    (line,) = [line for line in result.stdout.splitlines() if " differs: " in line]
    assert line.startswith("  shops/2023-07-01/shops.csv differs: ")
    assert f"it lacks {name}; it also has new_{name}" in line
    assert "shops/2023-07-01/shops.csv differs" in (tmp_path / "ontario" / "sources" / "shops.toml").read_text(encoding="utf-8")


def test_a_draft_without_a_date_says_that_past_days_would_see_what_came_later(tmp_path: Path) -> None:
    folder = tmp_path / "deliveries"
    folder.mkdir()
    rows = "".join(f"{number},Shop {number},Actif,69001\n" for number in range(1, 9))
    (folder / "shops.csv").write_text(f"siret,denomination,etat_administratif,code_postal\n{rows}", encoding="utf-8")
    create_profile(f"{tmp_path}/lyon", folder, "Europe/Paris", "EUR")
    (mapping,) = (tmp_path / "lyon" / "sources").iterdir()
    assert "scores of past days see what came later" in mapping.read_text(encoding="utf-8")


def test_the_check_of_a_mapping_with_an_error_names_no_indicator_that_it_cannot_judge(tmp_path: Path) -> None:
    folder, _ = create_profile(f"{tmp_path}/ontario", deliveries(tmp_path), "America/Toronto", "CAD")
    with (folder / "sources" / "shops.toml").open("a", encoding="utf-8") as file:
        file.write("no_such_setting = 1\n")
    result = CliRunner().invoke(config_app, ["check", "--profile", str(folder)])
    assert result.exit_code == 2
    assert "What the mappings make possible is shown once they have no errors." in result.stdout
    assert "no source of registration" not in result.stdout


@pytest.mark.parametrize(("currency", "places"), [("CNY", 2), ("KRW", 0), ("JPY", 0), ("KWD", 3)])
def test_a_new_profile_asks_for_the_decimal_places_of_its_currency(tmp_path: Path, currency: str, places: int) -> None:
    (tmp_path / "deliveries").mkdir()
    (tmp_path / "deliveries" / "tax.csv").write_text("entity_id,period,declared_revenue\nA,2026-01,1500\nB,2026-01,20\n")
    folder, (drafted,) = create_profile(f"{tmp_path}/town", tmp_path / "deliveries", "UTC", currency)
    text = (folder / "profile.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["minor_units"] == places
    assert "# ?" in next(line for line in text.splitlines() if line.startswith("minor_units"))
    assert f"with {places} decimals" in (folder / "sources" / drafted.mapping).read_text(encoding="utf-8")


def test_files_of_several_years_are_one_source(tmp_path: Path) -> None:
    folder = tmp_path / "deliveries"
    folder.mkdir()
    for name in ("visits_2019.csv", "visits_2020.csv", "register_2024.csv", "visits_rules.csv"):
        (folder / name).write_text(FILES["ontario_dinesafe"]["text"].lstrip("\n"), encoding="utf-8")
    _, drafts = create_profile(f"{tmp_path}/ontario", folder, "America/Toronto", "CAD")
    assert sorted(one.mapping for one in drafts) == ["register_2024.toml", "visits.toml", "visits_rules.toml"]
    mapping = load_mappings(tmp_path / "ontario")["visits"]
    assert [path.name for path in find_all_deliveries(mapping, folder)[0].files] == ["visits_2019.csv", "visits_2020.csv"]


@pytest.mark.parametrize(
    ("contract", "text"),
    [
        ("registration", "CNPJ,Razão Social,Situação,Data de Abertura\n12345678000190,Padaria Sol,Ativa,2020-01-31"),
        ("registration", "사업자등록번호,상호,영업상태명,인허가일자,도로명주소\n1234567890,한빛식당,영업/정상,2020-01-31,서울로 1"),
        ("complaint", "Número de Reclamo,RUC,Fecha de Reclamo,Empresa\n71,20123456789,2024-01-31,Tienda Sol"),
        ("inspection", "점검번호,사업자등록번호,점검일자,점검결과\n7,1234567890,2024-01-31,부적합"),
    ],
)  # fmt: skip
def test_headers_of_other_languages_are_known(tmp_path: Path, contract: str, text: str) -> None:
    header, row = text.split("\n")
    (tmp_path / "a.csv").write_text("\n".join([header, *[row] * 5, ""]), encoding="utf-8")
    one = draft(tmp_path / "a.csv")
    assert (one.contract.name, one.found) == (contract, len(header.split(",")))
    assert f'contract = "{contract}"\n' in draft_mapping(tmp_path / "a.csv")


def test_a_contract_that_few_columns_speak_for_is_marked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("subject,sender\nhello,me\n", encoding="utf-8")
    assert "   # ? guessed from few columns\n" in draft_mapping(tmp_path / "a.csv")
    assert "few columns" not in draft_mapping(tmp_path / "a.csv", "complaint")
