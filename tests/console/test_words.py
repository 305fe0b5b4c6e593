"""The texts are complete in three languages, and pages contain no other text."""

from __future__ import annotations

import re
import shutil
import string
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.apps.accounts.roles import Role
from console.apps.api.models import Scope
from console.apps.audit.models import Kind
from console.apps.decisions import catalogue
from console.apps.decisions.queues import QUEUES
from console.apps.decisions.states import OF_SYSTEM, Action
from console.apps.evidence.models import Event
from console.core import texts as core_texts
from console.core.texts import load_texts, read_words
from console.publishing.evidence import TABLES, EventTable, event_table
from console.publishing.shared_identifiers import KINDS
from console.web.forms.decisions import FORMS
from console.web.queries.list_filters import FILTERS
from console.web.queries.time_charts import CHARTS as OVER_TIME
from console.web.views.entity import DECISION
from console.web.views.explore import CHARTS
from console.web.views.feedback import CHOSEN, OF_ACTIONS, STANDING
from console.web.views.oversight import METRICS, shift_size
from expectations.contracts import complaint, inspection, registration, tax_filing
from expectations.contracts.contract import Zone
from expectations.contracts.silver import with_lineage
from jobs.foundation.errors import ConfigError
from jobs.lake.manifests import Verdict
from jobs.texts.checks import column_name
from jobs.texts.languages import LANGUAGES, to_simplified
from jobs.texts.languages import load_texts as load_report_texts
from models.evaluation.baselines import BEST, BOOSTING, PAST
from models.evaluation.evaluate import AS_IT_WAS, RANDOM
from tests.jobs.sources.test_source_kind import HALLMARK

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = ROOT / "console"
TEMPLATES = sorted(CONSOLE.rglob("*.html"))
CHINESE = re.compile("[\u3400-\u9fff]")
MAINLAND = re.compile(
    "數據|信息|默認|鏈接|(?<!辦理)程序|用戶|賬戶|保存|登錄|視圖|質量|導出|導航|退出|生成|合同|文件|字符|概率|聯繫|設置|打印|搜索|哈希|工作臺"
)
"""What OpenCC leaves of mainland usage, for which Traditional Chinese has other words. (辦理程序, a procedure, is right.)"""


SEVERAL = {
    "appeal.too_old", "audit.part", "bulk.too_many", "checks.failures", "checks.several", "entity.newest_events",
    "failure_then.too_many_rows", "form.comment_help", "home.hits", "list.found_capped", "list.thinned", "list.xlsx_most",
    "model_card.against", "model_card.held_out", "model_card.inspectors", "model_card.population", "source.all_deliveries",
    "token.too_many", "token.wrong_day", "unit.z", "view.no_name", "view.too_many",
}  # fmt: skip
"""Texts whose number is never 1: a bound, a population, or shown only for several. ``unit.z`` has decimals."""


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_each_key_is_in_both_languages_with_the_same_placeholders() -> None:
    english, chinese = read_words("en"), read_words("zh-Hans")

    singulars = {key for key in english if key.endswith("_1") and key.removesuffix("_1") in english}
    assert english.keys() - singulars == chinese.keys()
    assert [key for key in chinese if placeholders(english[key]) != placeholders(chinese[key])] == []
    assert [key for key in singulars if placeholders(english[key]) - placeholders(english[key.removesuffix("_1")])] == []
    assert [key for key, text in english.items() if CHINESE.search(text)] == []


def test_english_texts_with_a_number_have_a_singular() -> None:
    words = load_texts("en").words | load_report_texts("en").words
    plural = [key for key, text in words.items() if not key.endswith("_1") and re.search(r"\{n\} (\w+ ){0,3}\w*s\b", text)]

    assert {key for key in plural if f"{key}_1" not in words} == SEVERAL


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the console's words, to change."""
    shutil.copytree(str(core_texts.WORDS), tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(core_texts, "WORDS", tmp_path)
    load_texts.cache_clear()
    yield tmp_path
    load_texts.cache_clear()


def test_a_key_that_a_language_lacks_is_shown_in_english_and_one_that_english_lacks_is_named(words: Path) -> None:
    for language in ("zh-Hans", "en"):
        file = words / f"{language}.toml"
        file.write_text(file.read_text(encoding="utf-8").replace("sign_out =", "sign_uot ="), encoding="utf-8")
        load_texts.cache_clear()
        if language == "zh-Hans":
            assert load_texts("zh-Hans")("site.sign_out") == load_texts("en")("site.sign_out") == "Sign out"
    with pytest.raises(ConfigError, match=rf"site\.sign_out \({words}/en\.toml\); write sign_out in the section \[site\]"):
        load_texts("zh-Hans")("site.sign_out")


@pytest.mark.parametrize(("gone", "language"), [("en", "zh-Hans"), ("zh-Hans", "zh-Hans"), ("zh-Hans", "zh-Hant")])
def test_a_file_of_words_that_is_missing_is_named(words: Path, gone: str, language: str) -> None:
    (words / f"{gone}.toml").unlink()
    with pytest.raises(ConfigError, match=rf"the words file is missing \({words}/{gone}\.toml\); restore it"):
        load_texts(language)


def test_a_file_of_words_that_is_not_toml_is_named(words: Path) -> None:
    (words / "zh-Hant.toml").write_text("broken = =")
    with pytest.raises(ConfigError, match=rf"the words file is not valid TOML: .*{words}/zh-Hant\.toml"):
        load_texts("zh-Hant")


def test_no_english_singular_is_on_a_chinese_page() -> None:
    english, chinese = load_texts("en"), load_texts("zh-Hans")
    singulars = [key.removesuffix("_1") for key in english.words if key.endswith("_1") and key.removesuffix("_1") in english.words]
    assert len(singulars) > 5
    assert [key for key in singulars if f"{key}_1" in chinese.words] == []


def test_chinese_texts_are_chinese() -> None:
    foreign = {"CSV", "XLSX"}
    untranslated = [
        key
        for key, text in read_words("zh-Hans").items()
        if re.search(r"\w", text) and not CHINESE.search(text) and not set(text.split()) & foreign
    ]

    assert untranslated == []


def test_traditional_chinese_derives_from_simplified_and_its_overrides_exist() -> None:
    traditional = load_texts("zh-Hant").words

    assert traditional.keys() == load_texts("zh-Hans").words.keys()
    assert read_words("zh-Hant").keys() <= traditional.keys()
    assert traditional["place.list"] == "風險名單"
    # What OpenCC takes apart wrongly most often: 只 (only) is not 隻 (a piece).
    assert [key for key, text in traditional.items() if "隻" in text or "併發" in text] == []
    assert to_simplified(traditional["place.list"]) == load_texts("zh-Hans").words["place.list"]


def test_traditional_chinese_uses_its_own_terms_and_the_same_placeholders() -> None:
    simplified, traditional = read_words("zh-Hans"), load_texts("zh-Hant").words

    assert [key for key, text in traditional.items() if MAINLAND.search(text)] == []
    assert [key for key in simplified if placeholders(simplified[key]) != placeholders(traditional[key])] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_contain_no_text(path: Path) -> None:
    text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    shown = re.sub(r"<(kbd|meta)[^>]*>([^<]*</kbd>)?", "", text)
    shown = re.sub(r"<[^>]*>", " ", shown)
    spoken = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*[^\W\d_][^"]*)"', text)

    assert re.findall(r"[^\W\d_]{2,}", shown) == []
    assert spoken == []


def test_every_key_in_use_exists() -> None:
    words = load_texts("en").words
    asked = set()
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"""(?:{% t |\bt\()["']([\w.]+\w)["']""", text))
        asked |= {f"column.{head}" for head in re.findall(r"""\("(\w+)", "\w*"\)""", text)}
    for path in CONSOLE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"""texts\(\s*f?["']([a-z_]+\.\w+)["']""", text)) | set(
            re.findall(r'"((?:refused|place|message)\.\w+)"', text)
        )

    assert len(asked) > 200
    assert asked - words.keys() == set()


FAILURES = {
    what
    for path in CONSOLE.rglob("*.py")
    for what in re.findall(r"""(?:"failure.html", {"what": |_page\(request, )"(\w+)\"""", path.read_text(encoding="utf-8"))
}
VALUES: dict[str, Iterable[object]] = {
    "action": (
        Action.ASSIGN,
        *(
            action
            for action in Action
            if action not in OF_SYSTEM | {Action.ASSIGN, Action.RECORD_NO_VISIT, Action.CORRECT_NO_VISIT}
        ),
    ),
    "change": registration.VALUES[registration.CHANGE_TYPE],
    "column": ("position", "name", "risk_class", "moved", "reasons", "state"),
    "complaint": complaint.VALUES[complaint.CATEGORY],
    "done": Action,
    "drift": {shift_size(index) for index in (0.0, 0.2, 1.0)},
    "event": Kind,
    "explore": (*CHARTS, *OVER_TIME),
    "failure": FAILURES,
    "failure_then": FAILURES,
    "filter": (*FILTERS,),
    **{row.words: row.values for row in FILTERS.values() if row.words},
    "found": ("selected", "region", "industry"),
    "kind": (*TABLES, DECISION),
    "measure": {name for compute, _ in OVER_TIME.values() for name in compute({}, [])},
    "metric": METRICS,
    "model": ("learnt", "rule", None),
    "order": tuple(name.replace(" ", "_") for name in ("model", PAST, BEST, BOOSTING, AS_IT_WAS, "random", RANDOM)),
    "outcome": complaint.VALUES[complaint.OUTCOME],
    "queue": QUEUES,
    "reason_texts": (*OF_ACTIONS, *CHOSEN),
    "role": Role,
    "scope": Scope,
    "selected": inspection.VALUES[inspection.SELECTED_BY],
    "standing": STANDING,
    "status": registration.VALUES[registration.STATUS],
    "tax": tax_filing.VALUES[tax_filing.TAX_TYPE],
    "shared_identifier": KINDS,
    "verdict": (*Verdict, "not settled", "not mapped"),
    "visit": inspection.VALUES[inspection.VISIT_STATUS],
    "visits": ("overdue", "this_week", "later"),
    "woken": ("date", "class_change", "new_complaint", "no_visit", "listed_again"),
}
"""Of each section of words that a template asks for by a value of data: all that the value can be."""


def test_every_section_that_templates_use_is_tested() -> None:
    by_tags = r"""(?:{% word |\bword\(|{% options [\w.]+ [\w.]+ )["'](\w+)["']"""
    asked = {section for path in TEMPLATES for section in re.findall(by_tags, path.read_text(encoding="utf-8"))}

    assert asked | {row.words for row in FILTERS.values() if row.words} == VALUES.keys()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("section", VALUES)
def test_each_possible_value_has_a_text(section: str, language: str) -> None:
    words = load_texts(language).words
    values = list(VALUES[section])

    assert values
    assert [str(value) for value in values if f"{section}.{value}" not in words] == []


def facts_without_words(tables: Iterable[EventTable], language: str) -> list[str]:
    """What the record of an entity shows by its raw name: columns and codes of the kinds that have no sentence in event.html."""
    template = (CONSOLE / "web" / "templates" / "event.html").read_text(encoding="utf-8")
    shown = [table for table in tables if f'event.kind == "{table.contract.name}"' not in template]
    columns = {name: table.contract.values.get(name, ()) for table in shown for name in table.facts}
    codes = [f"{name}_{code}" for name, codes in columns.items() for code in codes]
    unnamed = [name for name in columns if column_name(name, language)[1] != language]
    return unnamed + [code for code in codes if f"fact.{code}" not in load_texts(language).words]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_fact_of_a_kind_without_a_sentence_of_its_own_has_a_text(language: str) -> None:
    contract = replace(HALLMARK, values={"hallmark_id": ("P1",)})
    hallmark = event_table(with_lineage(contract, Zone.SILVER))
    unnamed = [] if language == "en" else ["hallmark_id", "struck_on", "lapses_on"]

    assert facts_without_words(TABLES.values(), language) == []
    assert facts_without_words([*TABLES.values(), hallmark], language) == [*unnamed, "hallmark_id_P1"]


def test_the_name_of_each_kind_fits_its_column() -> None:
    assert [name for name in TABLES if len(name) > Event._meta.get_field("kind").max_length] == []


def test_the_kinds_of_model_are_those_of_training() -> None:
    noted = (ROOT / "models" / "risk_model.py").read_text(encoding="utf-8")

    assert set(re.findall(r'"kind": "(\w+)"', noted)) == set(VALUES["model"]) - {None}


@pytest.mark.parametrize(
    "action", [*FORMS, Action.PROPOSE, Action.APPROVE, Action.REFUSE, Action.REOPEN, Action.RECORD, Action.CORRECT]
)
def test_each_action_has_a_success_message(action: Action) -> None:
    assert f"message.{action}" in load_texts("en").words


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_code_of_the_catalogue_is_in_each_language(language: str) -> None:
    for kind in (
        "dismiss",
        "defer",
        "visit",
        "refuse",
        "reopen",
        "objective",
        "kind",
        "proportion",
        "right",
        "severity",
        "no_visit",
        "condition",
        "ground",
        "answer",
        "dealt_data",
        "dealt_policy",
        "undealt",
    ):
        for code, text in catalogue.choices(kind, language):
            assert text, (kind, code)
            assert bool(CHINESE.search(text)) == language.startswith("zh-")
