"""The model card: its data, and its rendering in each language."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from model_examples import Labelled

from jobs.texts.languages import LANGUAGES, load_texts
from jobs.texts.model_card import bin_text, card_markdown, render_model_card
from jobs.texts.names import indicator_name
from models.evaluation.evaluate import Evaluation, evaluate_orders
from models.foundation.inputs import Inputs
from models.labels.propensity import KNOWN, MODELLED, NONE
from models.model_card import importances, model_card, model_warnings
from models.risk.candidates import CANDIDATES
from models.risk_model import RiskModel


def card_of(model: RiskModel, X: pd.DataFrame, evaluation: Evaluation | None = None, **facts: object) -> dict[str, Any]:
    """The card as stored and read again."""
    described = replace(model, facts={**model.facts, **facts})
    card = model_card(described, profile="cn", as_of="2025-09-30", evaluation=evaluation, importance=importances(model, X))
    stored: dict[str, Any] = json.loads(json.dumps({**card, "model_id": "abc"}, allow_nan=False))
    return stored


def rendered(model: RiskModel, X: pd.DataFrame, evaluation: Evaluation | None = None, **facts: object) -> str:
    return render_model_card(card_of(model, X, evaluation, **facts), "en")


@pytest.fixture(scope="module")
def evaluation(learnt: RiskModel, labelled: Labelled) -> Evaluation:
    scored = learnt.score(labelled.X)
    visits = pd.DataFrame(
        {
            "as_of": labelled.time, "entity_id": labelled.entity, "day": labelled.time, "found": labelled.y,
            "probability": scored["probability"], "model": scored["margin"], "past record": 0.0,
        }
    )  # fmt: skip
    return evaluate_orders(visits, ["model", "past record"], share=0.2, resamples=50, seed=1)


def test_importances_rank_the_informative_indicators_first(learnt: RiskModel, later: pd.DataFrame) -> None:
    table = importances(learnt, later)
    assert table["importance"].is_monotonic_decreasing
    assert set(table["indicator"][:3]) == {"late", "age", "complaints"}
    assert table.set_index("indicator")["direction"].to_dict() == {"late": 1, "age": -1, "complaints": 1, "capital": 0, "noise": 0}


def test_the_card_holds_the_evaluation_with_intervals(learnt: RiskModel, later: pd.DataFrame, evaluation: Evaluation) -> None:
    card = card_of(learnt, later, evaluation)
    auc, lead = evaluation.orders["model"]["auc"], evaluation.leads["past record"]["auc"]
    assert card["evaluation"]["orders"]["model"]["auc"] == {"value": auc.value, "low": auc.low, "high": auc.high}
    assert card["evaluation"]["leads"]["past record"]["auc"]["low"] == lead.low
    assert card["evaluation"]["calibration"]["brier"]["high"] == evaluation.calibration["brier"].high
    assert card["calibration"]["slope"] == learnt.calibration.slope
    assert card["interval"]["rows"][0]["low_quarter"] <= card["interval"]["rows"][0]["low"]


def test_the_markdown_shows_data_metrics_limits_and_directions(
    learnt: RiskModel, labelled: Labelled, evaluation: Evaluation
) -> None:
    card = rendered(learnt, labelled.X, evaluation)
    for part in (
        "# Model abc",
        "2,000",
        "2025-01-28 to 2025-08-28",
        "| actual order of visits |",
        "| random order, mean |",
        "less is riskier",
    ):
        assert part in card
    assert f"exp(-({learnt.calibration.slope:.6g} × m" in card
    assert "| margin | probability | low | high |" in card
    auc, lead = evaluation.orders["model"]["auc"], evaluation.leads["past record"]["auc"]
    assert f"| model | {auc.value:.4g} ({auc.low:.4g} to {auc.high:.4g}) |" in card
    assert f"| past record | {lead.value:.4g} ({lead.low:.4g} to {lead.high:.4g}) |" in card
    assert f"{evaluation.calibration['brier'].low:.4g} to" in card
    assert "nan" not in card


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_renders_the_same_sections(
    learnt: RiskModel, later: pd.DataFrame, evaluation: Evaluation, language: str
) -> None:
    shift = {"visits": (900, 12, 0, 3), "found": (80.0, 2.0, 0.0, 1.0), "expected": (80.0, 7.4, 0.0, 0.9)}
    card = card_of(learnt, later, evaluation, drawn_at_random=3, odds_by_reason={"complaint": 2.1, "": 1.3}, since_finding=shift)
    kinds, english = (
        [line.split()[0] if line.startswith(("#", "-", "|")) else bool(line) for line in render_model_card(card, name).splitlines()]
        for name in (language, "en")
    )
    assert kinds == english
    if language == "en":
        assert "“found, not visited since”: 12 visits and follow-ups found 2 violations" in render_model_card(card, "en")


def test_the_card_says_whether_the_model_in_use_stays(learnt: RiskModel, later: pd.DataFrame) -> None:
    def card(**against: object) -> str:
        facts = {"against": {"model_id": "old", "visits": 1234, **against}} if against else {}
        return rendered(learnt, later[:0], **facts)

    stays = card(difference=-0.02, low=-0.03, high=-0.01, stays=True)
    assert "The previous model was old. Both were calibrated and compared on 1,234 visits" in stays
    assert "is -0.0200, 95 % confidence interval -0.0300 to -0.0100: it is significantly better.\n\nIt stays in use." in stays
    assert "it is not significantly better.\n\nIt is replaced." in card(difference=-0.02, low=-0.03, high=0.01, stays=False)
    assert "So this model replaces it" in card(difference=None, low=None, high=None, stays=False)
    waits = card(difference=-0.02, low=-0.03, high=0.01, stays=True, wins=2, turnover=0.18, moved=[("late", 0.2, 0.5)])
    assert "must win at three trainings in a row, and this is number 2" in waits
    assert "gives 18% to other entities" in waits
    assert "late 0.200 → 0.500" in waits
    assert "It is replaced" not in waits
    assert "previous model" not in card()


def test_the_card_of_the_rule_says_that_there_is_no_probability(rule: RiskModel, later: pd.DataFrame) -> None:
    card = rendered(rule, later[:0])
    assert "The rule gives no probability." in card
    assert "From margin to probability" not in card
    assert "No test window was held out." in card
    assert np.isfinite(importances(rule, later[:0])["importance"]).all()


def test_the_card_gives_the_sampled_share_of_labels(learnt: RiskModel, later: pd.DataFrame) -> None:
    sampled = rendered(learnt, later[:0], labels_share=0.00412)
    assert "from a sample of businesses and are 0.412 % of the labels of these cohorts" in sampled
    assert "sample of businesses" not in rendered(learnt, later[:0], labels_share=1.0)


def test_a_scorecards_bins_are_written_with_their_bounds(learnt: RiskModel, later: pd.DataFrame) -> None:
    texts = load_texts("en")
    bounds = [(None, 3.0), (3.0, 4.5), (-1e-05, None), (None, None)]
    rows = [{"at_least": at_least, "below": below} for at_least, below in bounds]
    assert [bin_text(row, texts) for row in rows] == ["below 3", "from 3 to below 4.5", "from -1e-05", "unknown"]
    assert "## Scorecard" in card_markdown(json.dumps(card_of(learnt, later)))


def test_the_cards_words_are_those_that_training_writes() -> None:
    words = load_texts("en").words
    assert {f"model_card.{name}_{kind}" for name in ("champion", "kind") for kind in CANDIDATES} <= words.keys()
    assert [words[f"model_card.weighed_{by.replace(' ', '_')}"] for by in (KNOWN, MODELLED)] == [KNOWN, MODELLED]
    assert f"model_card.weighed_{NONE}" in words


def test_constant_indicators_and_orders_without_information_are_warnings(evaluation: Evaluation) -> None:
    inputs = Inputs(("same", "varies", "once", "unknown"), (0, 0, 0, 0), ("tax",) * 4)
    population = pd.DataFrame(
        {"same": [0.2, np.nan, 0.2], "varies": [1.0, 1.0, 2.0], "once": [np.nan, np.nan, 3.0], "unknown": [np.nan] * 3}
    )
    found = model_warnings(population, inputs, evaluation)
    assert found == {"constant_indicators": ["same"], "equal_orders": ["past record"]}
    assert model_warnings(population, inputs, None) == {"constant_indicators": ["same"]}
    assert model_warnings(population[["varies"]], Inputs(("varies",), (0,), ("tax",)), None) == {}


@pytest.mark.parametrize(
    ("language", "constant", "equal"),
    [
        ("en", "- Indicators whose known values are all equal, so that they distinguish no entities: ", ": past record. "),
        ("zh-Hans", "- 以下指标的已知值全部相同，无法区分主体：", "：既往记录。"),
        ("zh-Hant", "- 以下指標的已知值全部相同，無法區分主體：", "：既往記錄。"),
    ],
)
def test_the_card_shows_its_warnings_first(
    learnt: RiskModel, later: pd.DataFrame, language: str, constant: str, equal: str
) -> None:
    found = {"constant_indicators": ["violation_share"], "equal_orders": ["past record"]}
    card = render_model_card(card_of(learnt, later[:0], warnings=found), language)
    heading = f"## {load_texts(language)('model_card.warnings')}"
    assert heading == next(line for line in card.splitlines() if line.startswith("## "))
    assert f"{constant}{indicator_name('violation_share', language)}" in card
    assert equal in card
    assert heading not in render_model_card(card_of(learnt, later[:0]), language)
