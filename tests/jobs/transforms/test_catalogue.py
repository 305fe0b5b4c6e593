"""The catalogue of indicators: what is computed, what is denied, what is documented."""

from __future__ import annotations

import inspect
import shutil
import string
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from expectations.contracts import indicators, silver
from expectations.contracts.indicators import (
    DIMENSIONS,
    MADE_HERE,
    TEXTS,
    WORDS,
    catalogue,
    check_indicators,
    deny_list,
    features_contract,
    find_denied,
    indicator_texts,
)
from expectations.contracts.registry import SOURCES
from jobs import cli
from jobs.documents.contract_pages import render_indicator_docs
from jobs.transforms import features
from jobs.transforms.features import supervision
from tests.jobs.transforms.tables import AS_OF, silver_of

ROOT = Path(__file__).resolve().parents[3]
FEATURE_CODE = [import_module(f"{features.__name__}.{module.name}") for module in iter_modules(features.__path__)]
LANGUAGES = sorted(file.name.removesuffix(".toml") for file in WORDS.iterdir())
EVERY_TEXT = [indicator_texts(language) for language in LANGUAGES]


def test_every_dimension_has_indicators():
    assert {indicator.dimension for indicator in catalogue()} == set(DIMENSIONS)
    assert len(catalogue()) >= 60


def test_every_source_is_a_contract():
    assert {source for indicator in catalogue() for source in indicator.sources} <= {*SOURCES, MADE_HERE}


def test_sentences_of_peers_are_in_a_bracket_that_can_be_left_out():
    for indicator in catalogue():
        for sentence in (texts[indicator.column]["sentence"] for texts in EVERY_TEXT):
            # A base rate is compared with the rate of all visits.
            is_compared = indicator.peer or indicator.column == "base_rate"
            assert ("{peer}" in sentence) == is_compared, indicator.column
            if is_compared:
                assert sentence.rstrip(")）").rpartition("(" if "(" in sentence else "（")[2].count("{peer}") == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_same_texts_and_placeholders(language):
    first, texts = indicator_texts("en"), indicator_texts(language)
    assert list(texts) == list(first) == [indicator.column for indicator in catalogue()]
    for column, words in texts.items():
        assert tuple(words) == TEXTS
        assert {key: placeholders(text) for key, text in words.items()} == {
            key: placeholders(text) for key, text in first[column].items()
        }, column


@pytest.mark.parametrize(
    ("language", "content", "what"),
    [
        ("zh-Hans", b"broken = =", "the words file is not valid TOML: Invalid value"),
        ("zh-Hans", b"\xff", "the words file is not valid TOML: 'utf-8' codec"),
        ("zh-Hans", b"[age_days]\nsentence = 'abc'", "age_days needs definition, sentence, change"),
        ("zh-Hans", b"age_days = 3", "age_days needs definition, sentence, change"),
        ("en", None, "the words file is missing"),
    ],
)
def test_words_that_cannot_be_used_end_a_command_with_an_explanation(tmp_path, capsys, monkeypatch, language, content, what):
    shutil.copytree(str(WORDS), tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(indicators, "WORDS", tmp_path)
    file = tmp_path / f"{language}.toml"
    file.unlink() if content is None else file.write_bytes(content)

    def verb(**_):
        indicators.indicator_texts("en")
        catalogue.__wrapped__()

    monkeypatch.setattr(indicators, "indicator_texts", indicator_texts.__wrapped__)
    monkeypatch.setattr(cli, "app", verb)
    with pytest.raises(SystemExit, match="2"):
        cli.main([])
    shown = capsys.readouterr().err
    assert f"steelyard: {what}" in shown
    assert f"where: {file}" in shown


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_indicators_of_other_entities_have_no_age_from_own_records():
    of_others = {one.column for one in catalogue() if one.dimension == "association"} | {"base_rate", "excess_of_industry"}
    assert {one.column for one in catalogue() if not one.own} == of_others


def test_no_indicator_uses_a_denied_column():
    freed = {column for denied in deny_list() for column in denied.freed}
    for one in catalogue():
        texts = [text for by_column in EVERY_TEXT for text in by_column[one.column].values()]
        assert one.column in freed or find_denied((one.code, one.column, *one.sources, *texts)) == []


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("column", "inspector_strictness", "inspector"),
        ("column", "owner_nationality", "nationality"),
        ("sources", ("census_ethnicity",), "ethnicity"),
    ],
)
def test_an_indicator_that_uses_a_denied_column_is_refused(field, value, name):
    planted = replace(catalogue()[0], **{field: value})
    with pytest.raises(ValueError, match=name):
        check_indicators([planted], EVERY_TEXT)


@pytest.mark.parametrize("key", ["definition", "sentence"])
@pytest.mark.parametrize(
    ("text", "name"),
    [("Burglary reports in the street.", "neighbourhood crime"), ("法定代表人籍贯。", "native place")],
)
def test_a_text_in_any_language_that_names_a_denied_attribute_is_refused(key, text, name):
    first, *others = catalogue()
    planted = {column: {**words, key: text} if column == first.column else words for column, words in EVERY_TEXT[0].items()}
    with pytest.raises(ValueError, match=name):
        check_indicators([first, *others], [*EVERY_TEXT, planted])


def test_words_inside_other_words_are_not_denied():
    assert find_denied(["trace of a terrace", "embraced"]) == []


def test_no_transform_of_features_reads_a_denied_column():
    denied = {str(column) for contract in (*SOURCES.values(), silver.LINK) for column in contract.columns if find_denied([column])}
    assert "inspector_id" in denied
    # Only this function reads the inspector; its result does not have the column.
    sources = [inspect.getsource(module).replace(inspect.getsource(supervision.add_expected), "") for module in FEATURE_CODE]
    assert {column for source in sources for column in denied if column in source} == set()
    assert sum(source.count("INSPECTOR_ID") for source in sources) == 1, "the import alone"
    assert {str(column) for column in features_contract().columns if find_denied([column])} == set()


def test_only_the_correction_for_inspectors_may_read_the_inspector():
    freed = {denied.name: set(denied.freed) for denied in deny_list() if denied.freed}
    assert freed == {
        "inspector": {
            "excess_violations", "excess_breaches", "excess_of_industry", "excess_of_ties", "excess_at_address", "excess_of_name",
        }
    }  # fmt: skip
    assert freed["inspector"] <= {indicator.column for indicator in catalogue()}
    planted = replace(next(one for one in catalogue() if one.column == "excess_violations"), sources=("census_ethnicity",))
    with pytest.raises(ValueError, match="ethnicity"):
        check_indicators([planted], EVERY_TEXT)


def test_the_expectation_of_a_visit_drops_the_inspector(spark):
    visit = {"inspection_id": "i1", "entity_id": "E", "inspected_on": AS_OF, "inspector_id": "him", "found_violation": True}
    frames = silver_of(spark, {"inspection": [visit]})
    expected = supervision.add_expected(frames["inspection"], lambda frame: frame)
    assert find_denied(expected.columns) == []
    assert {"expected_parts", "expected_breach_parts"} <= set(expected.columns)


def test_every_denied_column_has_a_reason():
    assert {denied.name for denied in deny_list()} == {
        "nationality", "native place", "ethnicity", "inspector", "neighbourhood crime",
    }  # fmt: skip
    assert all(denied.why and denied.words for denied in deny_list())


def test_the_page_of_indicators_is_current():
    page = ROOT / "docs" / "reference" / "indicators.md"
    assert page.read_text(encoding="utf-8") == render_indicator_docs(), "write it again with render_indicator_docs()"
