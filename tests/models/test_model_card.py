"""The model card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from model_examples import Labelled

from models.evaluation.evaluate import evaluate_orders
from models.model_card import importances, model_card
from models.risk_model import RiskModel


def test_importances_rank_what_moves_the_margin(learnt: RiskModel, later: pd.DataFrame) -> None:
    table = importances(learnt, later)
    assert table["importance"].is_monotonic_decreasing
    assert set(table["indicator"][:3]) == {"late", "age", "complaints"}
    assert table.set_index("indicator")["direction"].to_dict() == {"late": 1, "age": -1, "complaints": 1, "capital": 0, "noise": 0}


def test_card_tells_data_figures_beside_baselines_limits_and_directions(learnt: RiskModel, labelled: Labelled) -> None:
    scored = learnt.score(labelled.X)
    visits = pd.DataFrame(
        {
            "as_of": labelled.time, "entity_id": labelled.entity, "day": labelled.time, "found": labelled.y,
            "probability": scored["probability"], "model": scored["margin"], "past record": 0.0,
        }
    )  # fmt: skip
    judged = evaluate_orders(visits, ["model", "past record"], share=0.2, resamples=50, seed=1)
    card = model_card(
        learnt, model_id="abc", profile="cn", as_of="2025-09-30", judged=judged, importance=importances(learnt, labelled.X)
    )
    for part in ("# Model abc", "2,000", "2025-01-28 to 2025-08-28", "| as it was |", "| random expected |", "less is riskier"):
        assert part in card
    assert f"exp(-({learnt.calibration.slope:.6g} × margin" in card
    assert "| margin | probability | low | high |" in card
    auc, lead = judged.orders["model"]["auc"], judged.leads["past record"]["auc"]
    assert f"| model | {auc.value:.4g} ({auc.low:.4g} to {auc.high:.4g}) |" in card
    assert f"| past record | {lead.value:.4g} ({lead.low:.4g} to {lead.high:.4g}) |" in card
    assert f"{judged.calibration['brier'].low:.4g} to" in card
    assert "nan" not in card


def test_card_tells_how_the_model_that_was_in_use_did(learnt: RiskModel, later: pd.DataFrame) -> None:
    def card(**against: object) -> str:
        told = {"against": {"model_id": "old", "visits": 1234, **against}} if against else {}
        model = replace(learnt, facts={**learnt.facts, **told})
        return model_card(
            model, model_id="abc", profile="cn", as_of="2025-09-30", judged=None, importance=importances(learnt, later[:0])
        )

    stays = card(difference=-0.02, low=-0.03, high=-0.01, stays=True)
    assert "old was in use. On 1,234 visits" in stays
    assert "is -0.0200, 95 % from -0.0300 to -0.0100: it is better beyond noise and stays in use." in stays
    assert "it is not better beyond noise and makes way." in card(difference=-0.02, low=-0.03, high=0.01, stays=False)
    assert "takes its place" in card(difference=None, low=None, high=None, stays=False)
    assert "was in use" not in card()


def test_card_of_the_rule_says_that_there_is_no_probability(rule: RiskModel, later: pd.DataFrame) -> None:
    card = model_card(rule, model_id="abc", profile="cn", as_of="2025-09-30", judged=None, importance=importances(rule, later[:0]))
    assert "It gives no probability." in card
    assert "From margin to probability" not in card
    assert "No test window was kept apart." in card
    assert np.isfinite(importances(rule, later[:0])["importance"]).all()


def test_card_tells_of_which_share_of_labels_a_model_learnt(learnt: RiskModel, later: pd.DataFrame) -> None:
    def card(share: float) -> str:
        model = replace(learnt, facts={**learnt.facts, "labels_share": share})
        return model_card(
            model, model_id="abc", profile="cn", as_of="2025-09-30", judged=None, importance=importances(learnt, later[:0])
        )

    assert "of a sample of businesses, 0.412 % of the labels of these cohorts" in card(0.00412)
    assert "sample of businesses" not in card(1.0)
