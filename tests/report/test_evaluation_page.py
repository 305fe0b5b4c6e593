"""The evaluation's page: harmless, offline, in three languages, with every figure in a table and a leak shown first."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from jobs.foundation.errors import LeakFound
from jobs.profile.profile import Profile
from jobs.report.evaluation.page import render_evaluation, write_pages
from jobs.report.evaluation.tables import write_figure
from jobs.report.evaluation.terminal import show_evaluation
from jobs.texts.languages import LANGUAGES
from jobs.training.evaluate_profile import MODEL
from jobs.training.summarise_evaluation import refuse_suspects, summarise, write_summary
from tests.report.example_evaluation import EVIL, invent_windows, keep
from tests.report.tags import Tags, addresses_elsewhere


@pytest.fixture(scope="module")
def content(profile: Profile) -> dict[str, Any]:
    return keep(invent_windows(), profile)


@pytest.fixture(scope="module")
def leaked(profile: Profile) -> dict[str, Any]:
    """The same with an indicator that holds the outcome."""
    windows = invent_windows()
    for window in windows:
        window.visits["late_filing_share"] = window.visits["found"]
    return keep(windows, profile)


@pytest.fixture(params=LANGUAGES)
def page(request: pytest.FixtureRequest, content: dict[str, Any], profile: Profile) -> str:
    return render_evaluation(content, profile, request.param)


def test_the_page_is_complete_and_links_stay_on_it(page: str) -> None:
    tags = Tags(page)
    ids = tags.values("id")
    assert tags.open == []
    assert len(ids) == len(set(ids))
    assert set(tags.values("href")) <= {f"#{name}" for name in ids}


def test_the_page_makes_no_request_and_has_no_script(page: str) -> None:
    tags = Tags(page)
    assert addresses_elsewhere(page) == []
    assert tags.strangers() == []
    assert EVIL in tags.text()


def test_every_chart_has_a_label_and_a_table(page: str) -> None:
    charts = [found for tag, found in Tags(page).elements if tag == "svg"]
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    # Gain, lead, two over time, reliability, and three ways to group that have more than one group.
    assert len(charts) == len(figures) == 8
    assert all(found["role"] == "img" and found["aria-label"] for found in charts)
    assert all("<table>" in figure for figure in figures)


def test_the_page_is_in_its_language(content: dict[str, Any], profile: Profile) -> None:
    texts = {language: Tags(render_evaluation(content, profile, language)).text() for language in LANGUAGES}
    assert "Evaluation of the scores" in texts["en"]
    assert "模型的领先幅度" in texts["zh-Hans"]
    assert "模型的領先幅度" in texts["zh-Hant"]


def test_tables_show_the_stored_figures_with_their_intervals(content: dict[str, Any], profile: Profile) -> None:
    text = Tags(render_evaluation(content, profile, "en")).text()
    auc, lead = content["orders"]["model"]["auc"], content["leads"]["past record"]["auc"]
    assert f"model {auc['value']:.3f} {auc['low']:.3f} to {auc['high']:.3f}" in text
    assert lead["low"] > 0
    assert f"past record ✓ {lead['value']:+.3f} {lead['low']:+.3f} to {lead['high']:+.3f}" in text
    assert "2025-01-31 900 240 trained late filing share ↑ 160 10 150" in text
    assert "No comparison is possible, because all visits are of one kind, by: Legal form." in text


def test_the_effective_size_counts_visits_with_known_probability(content: dict[str, Any]) -> None:
    # 50 visits of equal probability are worth 50.
    assert [(day["with_inclusion_probability"], day["effective_size"]) for day in content["days"]] == [(50, 50.0)] * 3


def test_figures_and_pages_are_reproducible(content: dict[str, Any], profile: Profile) -> None:
    assert keep(invent_windows(), profile) == content
    assert render_evaluation(content, profile, "en") == render_evaluation(content, profile, "en")


@pytest.mark.parametrize(
    ("measure", "value", "signed", "text"),
    [
        ("auc", 0.6094, False, "0.609"),
        ("auc", -0.0125, True, "−0.013"),
        ("first_half_share", 0.618, False, "61.8%"),
        ("first_half_share", -0.005, True, "−0.5"),
        ("days_earlier", 5.469, True, "+5.47"),
        ("lift", None, False, "–"),
    ],
)
def test_each_measure_is_written_in_its_unit(measure: str, value: float | None, signed: bool, text: str) -> None:
    assert write_figure(measure, value, signed=signed) == text


def test_a_rule_has_no_probabilities_to_evaluate(profile: Profile) -> None:
    content = keep(invent_windows(is_learnt=False), profile)
    text = Tags(render_evaluation(content, profile, "en")).text()
    assert "The model gave no probability" in text
    assert "nan" not in text.lower().split()
    assert "a rule was used" in printed(content)


def test_a_suspected_leak_comes_first_and_stops_the_run(leaked: dict[str, Any], content: dict[str, Any], profile: Profile) -> None:
    text = Tags(render_evaluation(leaked, profile, "en")).text()
    assert "Suspected leak" in text
    assert "values of late filing share: AUC 1.000" in text
    assert text.index("Suspected leak") < text.index("evaluation visits")
    assert "Suspected leak" not in Tags(render_evaluation(content, profile, "en")).text()
    with pytest.raises(LeakFound, match=r"a leak is suspected.*the indicator late_filing_share \(AUC 1\.000") as refused:
        refuse_suspects(leaked)
    assert refused.value.exit_code == 10
    refuse_suspects(content)


def test_an_implausibly_good_model_is_reported(profile: Profile) -> None:
    content = keep(invent_windows(lead=9.0), profile)
    assert [(one["kind"], one["name"]) for one in content["suspects"]] == [("order", MODEL)]


def test_pages_are_written_beside_the_figures(tmp_path: Path, profile: Profile) -> None:
    figures = write_summary(tmp_path, summarise(invent_windows(), profile))
    pages = write_pages(figures, profile)
    assert figures.name == "evaluation_2025-01-31_2025-03-31.json"
    assert [path.name for path in pages] == [f"evaluation_2025-01-31_2025-03-31.{language}.html" for language in LANGUAGES]
    assert all(path.parent == figures.parent for path in pages)


def printed(content: dict[str, Any]) -> str:
    target = io.StringIO()
    show_evaluation(content, Console(file=target, width=200))
    return target.getvalue()


def test_the_terminal_shows_orders_leads_calibration_and_days(content: dict[str, Any]) -> None:
    text = printed(content)
    lead = content["leads"]["plain boosting"]["auc"]
    assert f"{lead['value']:+.3f} ({lead['low']:+.3f} to {lead['high']:+.3f})" in text
    assert f"slope {content['promises']['calibration_slope']['value']:.2f}" in text
    for said in ("450 visits after 3 days", "as it was", "random expected", "2025-02-28"):
        assert said in text
