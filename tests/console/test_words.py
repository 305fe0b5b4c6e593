"""The words are whole in three languages, and no page holds any that are not among them."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

import pytest

from console.accounts.roles import Role
from console.audit.models import Kind
from console.decisions import catalogue
from console.decisions.states import Action, State
from console.evidence.models import Kind as EventKind
from console.texts import LANGUAGES, load_texts, read_words, to_simplified
from expectations.contracts import complaint, inspection, registration, tax_filing

CONSOLE = Path(__file__).resolve().parents[2] / "console"
TEMPLATES = sorted(CONSOLE.rglob("*.html"))
CHINESE = re.compile("[\u3400-\u9fff]")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_each_key_is_in_both_languages_with_the_same_values_to_fill_in() -> None:
    english, chinese = read_words("en"), read_words("zh-Hans")

    assert english.keys() == chinese.keys()
    assert [key for key in english if placeholders(english[key]) != placeholders(chinese[key])] == []
    assert [key for key, text in english.items() if CHINESE.search(text)] == []


def test_chinese_texts_are_chinese() -> None:
    foreign = {"CSV", "XLSX"}
    untranslated = [
        key for key, text in read_words("zh-Hans").items() if not CHINESE.search(text) and not set(text.split()) & foreign
    ]

    assert untranslated == []


def test_traditional_chinese_is_made_from_simplified_and_its_table_corrects_keys_that_exist() -> None:
    traditional = load_texts("zh-Hant").words

    assert traditional.keys() == read_words("zh-Hans").keys()
    assert read_words("zh-Hant").keys() <= traditional.keys()
    assert traditional["place.list"] == "風險名單"
    # What OpenCC takes apart wrongly most often: 只 (only) is not 隻 (a piece).
    assert [key for key, text in traditional.items() if "隻" in text or "併發" in text] == []
    assert to_simplified(traditional["place.list"]) == load_texts("zh-Hans").words["place.list"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_words_of_its_own(path: Path) -> None:
    text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    shown = re.sub(r"<(kbd|meta)[^>]*>([^<]*</kbd>)?", "", text)
    shown = re.sub(r"<[^>]*>", " ", shown)
    spoken = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*[^\W\d_][^"]*)"', text)

    assert re.findall(r"[^\W\d_]{2,}", shown) == []
    assert spoken == []


def test_every_key_that_is_asked_for_is_there() -> None:
    words = load_texts("en").words
    asked = set()
    for path in TEMPLATES:
        asked |= set(re.findall(r"""{% t ["']([\w.]+)["']""", path.read_text(encoding="utf-8")))
    for path in CONSOLE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"""texts\(\s*f?["']([a-z_]+\.\w+)["']""", text)) | set(
            re.findall(r'"((?:refused|place|message)\.\w+)"', text)
        )

    assert len(asked) > 200
    assert asked - words.keys() == set()


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("state", State),
        ("done", Action),
        ("role", Role),
        ("event", Kind),
        ("kind", EventKind),
        ("status", registration.VALUES[registration.STATUS]),
        ("change", registration.VALUES[registration.CHANGE_TYPE]),
        ("tax", tax_filing.VALUES[tax_filing.TAX_TYPE]),
        ("complaint", complaint.VALUES[complaint.CATEGORY]),
        ("outcome", complaint.VALUES[complaint.OUTCOME]),
        ("selected", inspection.VALUES[inspection.SELECTED_BY]),
        ("visit", inspection.VALUES[inspection.VISIT_STATUS]),
        ("verdict", ("passed", "unchanged", "missing", "stopped")),
        ("action", ("visit", "defer", "dismiss", "propose", "approve", "refuse", "record", "reopen", "undo")),
        ("message", ("visit", "defer", "dismiss", "propose", "approve", "refuse", "reopen", "record", "undo")),
        ("woken", ("date", "class_change", "new_complaint", "no_visit", "listed_again")),
    ],
)
def test_each_value_that_data_can_have_has_a_word(section: str, values: Any) -> None:
    words = load_texts("en").words

    assert [str(value) for value in values if f"{section}.{value}" not in words] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_reason_of_the_catalogue_is_in_each_language(language: str) -> None:
    for kind in (
        "dismiss",
        "defer",
        "visit",
        "objective",
        "kind",
        "proportion",
        "right",
        "severity",
        "no_visit",
        "condition",
        "ground",
        "answer",
    ):
        for code, text in catalogue.choices(kind, language):
            assert text, (kind, code)
            assert bool(CHINESE.search(text)) == (language != "en")
