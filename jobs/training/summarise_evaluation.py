"""Summarise an evaluation: the metrics that are stored as JSON and shown in the terminal and on the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jobs.foundation.code_version import code_version
from jobs.foundation.errors import LeakFound
from jobs.foundation.files import write_json
from jobs.profile.profile import Profile
from jobs.training.evaluate_profile import GROUPS, MODEL, ORDERS, SELECTED_BY, Window
from models.evaluation.bootstrap import DIGITS, by_metric, nested, plain
from models.evaluation.calibration_metrics import reliability
from models.evaluation.evaluate import CURVE, DAY, ENTITY, FOUND, PREDICTED, Evaluation, evaluate_orders
from models.evaluation.groups import evaluate_groups
from models.evaluation.leakage import likely_leaks
from models.foundation.inputs import catalogue_inputs
from models.labels.propensity import LabelWeights, effective_size, known_inclusion, label_weights

BINS = 10
VISITS_A_BIN = 30
COUNTS = "counts"
_SUSPECT = {"order": "the order of the {}", "value": "the indicator {}", "presence": "whether {} has a value"}


def summarise(windows: list[Window], profile: Profile) -> dict[str, Any]:
    """The metrics of all days together and of each day, beside baselines, with 95 % intervals clustered by business.

    Returns:
        Plain values for JSON. JSON sorts keys, so ``order_names`` and ``group_kinds`` give the order in which to show them. An
        estimate is ``{value, low, high}``; all are null where the metric is undefined, and ``low`` and ``high`` where it is
        undefined in too many resamples.
    """
    policy, seed = profile.evaluation, profile.training.seed
    visits = pd.concat([window.visits for window in windows], ignore_index=True)
    judged = evaluate_orders(visits, ORDERS, share=policy.capacity_share, resamples=policy.draws, seed=seed)
    found = likely_leaks(visits, ORDERS, catalogue_inputs(), bound=policy.auc_bound, resamples=policy.draws, seed=seed)
    cap = profile.training.weight_cap
    weights, drawn_size = _weigh(visits, cap)
    counted = visits.assign(**{COUNTS: weights.weight})
    by_group = {
        kind: evaluate_groups(
            counted, MODEL, kind, share=policy.capacity_share, resamples=policy.draws, seed=seed,
            counts=COUNTS if kind == SELECTED_BY else None,
        )
        for kind in GROUPS
    }  # fmt: skip
    return {
        "profile": profile.name,
        "config": profile.fingerprint(),
        "code_version": code_version(),
        "seed": seed,
        "label_days": profile.training.label_days,
        "drawn": {"visits": weights.known, "effective_size": drawn_size, "cap": weights.cap, "capped": weights.capped},
        **asdict(policy),
        "first": windows[0].as_of.isoformat(),
        "last": windows[-1].as_of.isoformat(),
        "visits": len(visits),
        "found": int(visits[FOUND].sum()),
        "businesses": int(visits[ENTITY].nunique()),
        "order_names": list(judged.orders),
        "group_kinds": list(GROUPS),
        "orders": nested(judged.orders),
        "leads": nested(judged.leads),
        "promises": by_metric(judged.calibration),
        "curve": {"shares": list(CURVE), "orders": {name: [plain(at) for at in line] for name, line in judged.curve.items()}},
        "reliability": _reliability(visits),
        "days": [_day(window, judged, cap) for window in windows],
        "groups": {
            kind: [{"code": one.code, "visits": one.visits, "found": one.found, **by_metric(one.figures)} for one in groups]
            for kind, groups in by_group.items()
        },
        "suspects": [{"name": suspect.name, "kind": suspect.kind, "auc": plain(suspect.auc)} for suspect in found],
    }


def write_summary(home: Path, content: Mapping[str, Any]) -> Path:
    """Store the metrics as JSON; return the file."""
    path = home / "reports" / f"evaluation_{content['first']}_{content['last']}.json"
    write_json(path, content)
    return path


def refuse_suspects(content: Mapping[str, Any]) -> None:
    """Fail when an order or an indicator predicts later outcomes too well to be plausible.

    Raises:
        LeakFound: with the names of those orders and indicators.
    """
    if not content["suspects"]:
        return
    named = "; ".join(
        f"{_SUSPECT[one['kind']].format(one['name'])} (AUC {auc['value']:.3f}, {auc['low']:.3f} to {auc['high']:.3f})"
        for one in content["suspects"]
        for auc in (one["auc"],)
    )
    raise LeakFound(
        what=f"a leak is suspected: above {content['auc_bound']:g}, the highest plausible AUC, is {named}",
        where=f"the evaluation of {content['first']} to {content['last']}",
        next_step="find how the outcome gets into it and remove it; if the AUC has another explanation, raise evaluation.auc_bound"
        " in profile.toml",
    )


def _weigh(visits: pd.DataFrame, cap: float) -> tuple[LabelWeights, float]:
    """The weight of each visit, and the effective number of visits that were drawn at random with a known probability."""
    inclusion = known_inclusion(visits)
    weights = label_weights(inclusion, None, cap=cap)
    return weights, round(effective_size(weights.weight[~np.isnan(inclusion)]), 1)


def _day(window: Window, judged: Evaluation, cap: float) -> dict[str, Any]:
    days = pd.to_datetime(window.visits[DAY])
    weights, drawn_size = _weigh(window.visits, cap)
    return {
        "as_of": window.as_of.isoformat(),
        "labels": window.labels,
        "labels_found": window.labels_found,
        "kind": window.kind,
        "best_indicator": window.best_indicator,
        "visited": window.visited,
        "not_known_that_day": window.unknown,
        "judged": len(window.visits),
        "found": window.found,
        "last_visit": days.max().date().isoformat(),
        "with_inclusion_probability": weights.known,
        "effective_size": drawn_size,
        "orders": nested(judged.windows[window.as_of]),
    }


def _reliability(visits: pd.DataFrame) -> list[dict[str, Any]]:
    known = visits[visits[PREDICTED].notna()]
    if known.empty:
        return []
    count = min(BINS, max(len(known) // VISITS_A_BIN, 2))
    bins = reliability(known[PREDICTED], known[FOUND], entity=known[ENTITY], bins=count)
    return [{str(name): value for name, value in row.items()} for row in bins.round(DIGITS).to_dict("records")]
