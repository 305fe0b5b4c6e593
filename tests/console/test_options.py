"""The options of a select: escaped, selected and marked with their language, also from the cache."""

from __future__ import annotations

import pytest
from django.utils.safestring import mark_safe

from console.core.texts import load_texts
from console.web.templatetags.words import options

NAMES = [("a&b", "<b>"), ("c", "杭州市")]


@pytest.mark.parametrize("_again", range(2))
def test_options_are_escaped_also_from_the_cache(_again: int) -> None:
    context = {"texts": load_texts("en")}
    options(context, [("a&b", mark_safe("<b>"))], "")

    assert options(context, NAMES, "") == (
        '<option value="a&amp;b">&lt;b&gt;</option><option value="c" lang="zh-Hans">杭州市</option>'
    )


@pytest.mark.parametrize("chosen", ["a&b", "c"])
def test_only_the_chosen_option_is_selected(chosen: str) -> None:
    made = {value: options({"texts": load_texts("zh-Hans")}, [(value, name)], chosen) for value, name in NAMES}

    assert {value for value, option in made.items() if " selected>" in option} == {chosen}


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_options_named_by_texts_are_in_the_language_of_the_page(language: str) -> None:
    texts = load_texts(language)

    made = options({"texts": texts}, ["visit_planned"], "", "state")

    assert made == f'<option value="visit_planned">{texts("state.visit_planned")}</option>'
