"""The figures of an evaluation of three days with invented visits."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from jobs.foundation.files import json_text
from jobs.profile.profile import Profile
from jobs.training.evaluate_profile import MODEL, NEIGHBOURS, Window
from jobs.training.summarise_evaluation import summarise
from models.evaluation.baselines import BEST, BOOSTING, PAST
from models.foundation.inputs import catalogue_inputs

VISITS = 150
EVIL = "<script>alert(1)</script>"


def invent_windows(lead: float = 0.9, *, is_learnt: bool = True) -> list[Window]:
    """Three days of scoring, 150 visits each; an industry's code is a script."""
    random = np.random.default_rng(11)
    windows = []
    for day in pd.date_range("2025-01-31", periods=3, freq="ME"):
        found = (random.random(VISITS) < 0.3).astype(float)
        model = found * lead + random.normal(0, 1, VISITS)
        visits = pd.DataFrame(
            {
                "as_of": day.date(),
                "entity_id": random.permutation(300)[:VISITS].astype(str),
                "day": day + pd.to_timedelta(random.integers(1, 60, VISITS), unit="D"),
                "found": found,
                "probability": 1 / (1 + np.exp(1.2 - model)) if is_learnt else np.nan,
                MODEL: model,
                PAST: found * 0.4 + random.normal(0, 1, VISITS).round(1),
                BEST: random.normal(0, 1, VISITS).round(1),
                BOOSTING: found * 0.3 + random.normal(0, 1, VISITS),
                NEIGHBOURS: found * 0.5 + random.normal(0, 1, VISITS),
                "region": np.resize(["330100", "320100"], VISITS),
                "industry": np.resize([EVIL, "F", "H"], VISITS),
                "entity_type": "company",
                "selected_by": np.resize(["random", "targeted", "targeted"], VISITS),
                "inclusion_probability": np.resize([0.1, np.nan, np.nan], VISITS),
                **dict.fromkeys(catalogue_inputs().columns, np.nan),
            }
        )
        visits["late_filing_share"] = random.random(VISITS)
        windows.append(Window(day.date(), 160, 10, 900, 240, "learnt" if is_learnt else "rule", "late_filing_share ↑", visits))
    return windows


def keep(windows: list[Window], profile: Profile) -> dict[str, Any]:
    """The figures of windows, as read from their file."""
    content: dict[str, Any] = json.loads(json_text(summarise(windows, profile)))
    return content
