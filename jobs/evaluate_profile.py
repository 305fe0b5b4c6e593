"""How good the scores would have been: on past days, with only what was known then, against the visits that followed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from expectations.contracts import inspection
from expectations.contracts.lineage import ENTITY_ID
from jobs.runtime.errors import ConfigError, NothingToDo
from jobs.runtime.files import write_json
from jobs.runtime.lake import Lake
from jobs.runtime.mapping_defaults import mappings_of_day
from jobs.runtime.settings import Profile
from jobs.score_entities import read_features
from jobs.take_in_source import in_order, take_in
from jobs.train_model import fit, known_visits, past_record, training_set
from models.evaluate import METRICS, evaluate, paired_difference

MODEL, PAST = "model", "past record"
BESIDE = (PAST, "random", "random expected", "as it was")
"""The orders that the model is always shown beside."""


@dataclass(frozen=True)
class Window:
    """One day of scoring and the visits that followed it.

    Attributes:
        visited: entities visited in the window, each by its first visit.
        unknown: how many of them were not known on the day, and so could not be scored.
        found: how many of the scored had a violation found.
        orders: figures by order (``models.evaluate.evaluate``).
        visits: the scored visits, with entity, day, outcome and each order's score.
    """

    as_of: date
    visited: int
    unknown: int
    found: int
    orders: pd.DataFrame
    visits: pd.DataFrame


def month_ends(first: date, last: date) -> list[date]:
    """The last day of each month from ``first``'s to ``last``'s.

    Raises:
        ConfigError: when there is none.
    """
    days = [month.end_time.date() for month in pd.period_range(first, last, freq="M")]
    if not days:
        raise ConfigError(
            what=f"no month ends between {first} and {last}", where="--first and --last", then="let --first come before --last"
        )
    return days


def evaluate_days(
    lake: Lake, profile: Profile, sources: Path, days: list[date], progress: Callable[[date], None] = lambda _day: None
) -> list[Window]:
    """Evaluate each day by the visits of the ``label_days`` after it; sources are taken in up to the last window's end.

    Everything that a day's model and scores use was known on that day; the visits that judge it are read apart, after.
    """
    end = max(days) + timedelta(days=profile.training.label_days)
    for mapping in in_order(mappings_of_day(profile.folder, lake.home, end, sources)):
        take_in(lake, profile, mapping, sources, end)
    outcomes = known_visits(lake, profile, end)
    windows = []
    for as_of in days:
        progress(as_of)
        windows.append(_window(lake, profile, as_of, outcomes))
    return windows


def _window(lake: Lake, profile: Profile, as_of: date, outcomes: pd.DataFrame) -> Window:
    known = training_set(lake, profile, as_of)
    model = fit(known, profile)
    visits = _first_visits(outcomes, as_of, as_of + timedelta(days=profile.training.label_days))
    if visits.empty:
        raise NothingToDo(
            what=f"no visit is known in the {profile.training.label_days} days after {as_of}",
            where="silver.inspection",
            then="choose days that visits followed",
        )
    features = read_features(lake, as_of, among=pd.Index(visits[ENTITY_ID]))
    scored = visits.merge(features, on=str(ENTITY_ID), how="inner", validate="one_to_one")
    scores = model.score(scored)
    orders = {MODEL: scores["margin"].to_numpy(), PAST: past_record(scored).to_numpy()}
    found = scored[inspection.FOUND_VIOLATION].astype(float).to_numpy()
    on = pd.to_datetime(scored[inspection.INSPECTED_ON]).to_numpy()
    table = evaluate(
        found,
        on,
        orders,
        capacity=max(len(found) // 5, 1),
        seed=profile.training.seed,
        probability=scores["probability"].to_numpy() if scores["probability"].notna().all() else None,
    )
    rows = pd.DataFrame({ENTITY_ID: scored[ENTITY_ID], "as_of": as_of, "day": on, "found": found, **orders})
    return Window(as_of, len(visits), len(visits) - len(scored), int(found.sum()), table, rows)


def _first_visits(outcomes: pd.DataFrame, after: date, until: date) -> pd.DataFrame:
    """Each entity's first visit in a window; visits of one day are one, which found something if any did."""
    on = pd.to_datetime(outcomes[inspection.INSPECTED_ON])
    inside = outcomes[(on > pd.Timestamp(after)) & (on <= pd.Timestamp(until)) & outcomes[inspection.FOUND_VIOLATION].notna()]
    ordered = inside.sort_values(
        [ENTITY_ID, inspection.INSPECTED_ON, inspection.FOUND_VIOLATION], ascending=[True, True, False], kind="stable"
    )
    return ordered.drop_duplicates(ENTITY_ID)[[str(ENTITY_ID), str(inspection.INSPECTED_ON), str(inspection.FOUND_VIOLATION)]]


def summary(windows: list[Window], seed: int) -> dict[str, object]:
    """The figures of every day, their means, and the model's lead over the past record with a 95 % interval by entity."""
    names = [MODEL, *BESIDE]
    means = pd.concat([window.orders.loc[names] for window in windows]).groupby(level=0).mean().loc[names]
    visits = pd.concat([window.visits for window in windows], ignore_index=True)
    lead = {}
    for name, metric in METRICS.items():
        if name in ("auc", "first_half_share"):
            # Scores of different days' models are not on one scale, so ranks within each day are compared.
            ranks = visits.groupby("as_of")[[MODEL, PAST]].rank(pct=True)
            difference = paired_difference(
                metric, visits["found"], visits["day"], visits[ENTITY_ID], ranks[MODEL], ranks[PAST], seed=seed
            )
            lead[name] = dict(zip(("difference", "low", "high"), (float(value) for value in difference), strict=True))
    return {
        "days": [
            {
                "as_of": window.as_of,
                "visited": window.visited,
                "not_known_that_day": window.unknown,
                "found": window.found,
                "orders": window.orders.loc[names].round(6).to_dict("index"),
            }
            for window in windows
        ],
        "mean": means.round(6).to_dict("index"),
        "model_over_past_record": lead,
    }


def write_summary(home: Path, profile: Profile, windows: list[Window]) -> Path:
    """Keep the figures; give the file."""
    path = home / "reports" / f"evaluation_{windows[0].as_of}_{windows[-1].as_of}.json"
    write_json(path, summary(windows, profile.training.seed))
    return path
