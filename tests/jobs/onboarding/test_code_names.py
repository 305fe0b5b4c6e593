"""A profile's own codes have names from a CSV, which `config check` reads, and every reader of a list shows."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jobs.foundation.errors import ConfigError
from jobs.lake.finished_run import _profile
from jobs.onboarding.mapping_check import check_profile
from jobs.onboarding.profile_draft import create_profile
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import CONFIG_ROOT
from jobs.texts.codes import industries_of, regions_of
from jobs.texts.languages import load_texts
from jobs.texts.names import Names
from jobs.texts.peer_groups import peer_group_in_words
from jobs.texts.settings import TextSettings

NAMES = {
    "names/industries.csv": '# ours\n\ncode,en,zh-Hans\nRBD,"Restaurant, by drink",餐馆（售酒）\nGRO,Grocery,\n',
    "names/regions.csv": "\ufeffcode,zh-Hant,en\n510,聖路易市,City of St. Louis\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "missouri"
    shutil.copytree(CONFIG_ROOT / "missouri", folder)
    return folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def problems(folder: Path, spark: Any) -> list[str]:
    return [f"{one.file.name}: {one.problem.sentence()}" for one in check_profile(folder, lambda: spark) if one.problem.is_error]


def test_reports_and_the_console_show_the_names_and_fall_back_as_other_texts_do(folder: Path) -> None:
    write(folder, NAMES)
    profile = load_profile(str(folder))
    shown = {language: Names.of(profile, language) for language in ("en", "zh-Hans", "zh-Hant")}
    assert {language: names.industry("RBD") for language, names in shown.items()} == {
        "en": "Restaurant, by drink", "zh-Hans": "餐馆（售酒）", "zh-Hant": "餐館（售酒）",
    }  # fmt: skip
    assert [names.industry("GRO") for names in shown.values()] == ["Grocery"] * 3
    assert [names.region_path("510") for names in shown.values()] == ["City of St. Louis", "City of St. Louis", "聖路易市"]
    assert shown["en"].region("189") == "189"
    words = peer_group_in_words("industry_section=GRO, region_middle=510", load_texts("en"), TextSettings.of(profile))
    assert words == "Grocery · City of St. Louis"
    stored = _profile({"profile": "missouri", "profile_folder": str(folder)})
    assert (regions_of(stored).name("510", "en"), industries_of(stored).name("RBD", "zh-Hans")) == (
        "City of St. Louis",
        "餐馆（售酒）",
    )
    assert industries_of(stored).sections("en") == (("GRO", "Grocery"), ("RBD", "Restaurant, by drink"))


def test_own_names_have_precedence_over_those_of_a_scheme_and_keep_its_levels(folder: Path) -> None:
    toml = folder / "profile.toml"
    text = toml.read_text(encoding="utf-8").replace('region_scheme = ""', 'region_scheme = "gbt2260"')
    toml.write_text(text, encoding="utf-8")
    write(folder, {"names/regions.csv": "code,en\n330100,Hangzhou\n"})
    names = Names.of(load_profile(str(folder)), "en")
    assert names.region_path("330100") == "Hangzhou, Zhejiang"
    assert names.region("330200") == "宁波市"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name,en\n1,One\n", "the header: is 'name,en'"),
        ("code,en,en\n1,One,Uno\n", "the header: is 'code,en,en'"),
        ("", "the header: is ''"),
        ("code,en\n1,One, or two\n", "line 2: has another number of fields than the header"),
        ("# ours\ncode,en\n1,One\n1,Uno\n", "line 4: names '1' again"),
        ("code,en\n,One\n", "line 2: has no code"),
        ("code,en\n1, \n", "line 2: gives '1' no name"),
        ("code,zh_hans\n1,一\n", "column zh_hans: is no language of Steelyard"),
    ],
)
def test_config_check_names_what_is_wrong_and_where(folder: Path, spark: Any, text: str, problem: str) -> None:
    write(folder, {"names/regions.csv": text})
    (found,) = problems(folder, spark)
    assert found.startswith(f"regions.csv: {problem}")
    if "column" not in problem:
        with pytest.raises(ConfigError, match=r"regions\.csv") as raised:
            load_profile(str(folder))
        assert raised.value.exit_code == 2


def test_names_in_the_profile_itself_and_in_another_encoding_are_refused(folder: Path, spark: Any) -> None:
    (folder / "names").mkdir(exist_ok=True)
    (folder / "names" / "regions.csv").write_bytes("code,zh-Hans\n1,苏州\n".encode("gb18030"))
    with (folder / "profile.toml").open("a", encoding="utf-8") as file:
        file.write('\n[code_names.region.1]\nen = "One"\n')
    found = problems(folder, spark)
    assert "profile.toml: code_names: is no setting" in found
    assert any(line.startswith("regions.csv: the file: is not UTF-8") for line in found)


def test_a_new_profile_has_commented_files_of_names_that_pass_the_check(tmp_path: Path, spark: Any) -> None:
    folder, _ = create_profile(f"{tmp_path}/ontario", None, "America/Toronto", "CAD")
    assert problems(folder, spark) == []
    assert load_profile(str(folder)).code_names == {"industry": {}, "region": {}}
    assert (folder / "names" / "industries.csv").read_text(encoding="utf-8").startswith("# Names that people see")
