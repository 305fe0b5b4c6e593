"""Whose visit speaks of everybody."""

from __future__ import annotations

import pandas as pd

from models.why_visited import told_reasons


def test_only_a_draw_of_known_probability_speaks_of_everybody() -> None:
    labels = pd.DataFrame(
        {
            "selected_by": pd.Series(["random", "random", "targeted", None], dtype=object),
            "inclusion_probability": [0.004, None, 0.5, None],
        }
    )
    told = told_reasons(labels)
    assert told[:3].tolist() == ["random", "other", "targeted"]
    assert pd.isna(told[3])
