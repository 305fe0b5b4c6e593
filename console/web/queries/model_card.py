"""A run's model card in the reader's language: sentences from the model's facts, longer tables from the stored card.

A sentence whose figures an earlier published day lacks is left out, and so are the tables of a card in Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.apps.ranking.models import PublishedRun
from expectations.contracts.indicators import PEER_SUFFIX
from jobs.texts.languages import Texts
from jobs.texts.model_card import DIRECTIONS, LIMITS, parse_card
from jobs.texts.names import indicator_name
from jobs.texts.numbers import number

METRICS = (
    "auc", "average_precision", "precision", "recall", "lift", "brier", "calibration_slope", "calibration_intercept",
    "observed_over_expected", "first_half_share", "days_earlier",
)  # fmt: skip
OF_ORDERS = ("auc", "average_precision", "precision", "recall", "lift", "first_half_share", "days_earlier")
"""Those of :data:`METRICS` that every order has; the others are of probabilities, which the model alone gives."""
OF_MAP = ("margin", "probability", "low", "high", "low_quarter", "high_quarter")
"""The columns of the card's table from margin to probability."""
SLOPE_FLOOR = 0.05
"""The slope of what visits find anywhere, of the card's formula (models.risk.calibration)."""
_KNOWN = {"known inclusion probabilities": "known", "a modelled propensity of being visited": "modelled"}


@dataclass(frozen=True)
class Part:
    """A section of the card: its heading's key, sentences, points of a list, and a table."""

    key: str
    sentences: Sequence[str] = ()
    points: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def model_card(run: PublishedRun, texts: Texts) -> list[Part]:
    """The card's sections that have anything to say, in order."""
    facts, card = run.model, parse_card(run.model_card) or {}
    parts = [
        Part("what", [_what(facts, texts)]),
        Part("data", points=_data(facts, texts)),
        Part("learnt", points=_learnt(facts, texts)),
        _map(facts, card, texts),
        _contests(facts, texts),
        _how_good(facts, texts),
        _leads(facts, texts),
        Part("limits", points=[texts(f"card.limit_{at}") for at in range(1, LIMITS + 1)]),
        _indicators(card, texts),
        _scorecard(facts, card, texts),
    ]
    return [part for part in parts if any(part.sentences) or part.points or part.rows]


def _what(facts: Mapping[str, Any], texts: Texts) -> str:
    weight = number((facts.get("stored") or {}).get("anomaly_weight"))
    if facts.get("kind") == "rule":
        return texts("card.rule", weight=weight)
    if facts.get("kind") != "learnt" or "champion" not in facts:
        return ""
    rounds = [texts("card.rounds", n=n, kind=texts(f"champion.{kind}")) for kind, n in sorted((facts.get("rounds") or {}).items())]
    what = texts(f"champion.{facts['champion']}")
    made = _comma(texts).join([str(facts.get("learner", "")), *rounds])
    return texts("card.model", what=what, made=made, weight=weight)


def _data(facts: Mapping[str, Any], texts: Texts) -> list[str]:
    said = []
    if facts.get("population") is not None:
        said.append(texts("card.population", n=_n(facts["population"])))
    if facts.get("visits") is not None:
        said.append(texts("card.visits", n=_n(facts["visits"]), found=_n(facts.get("found"))))
    if (share := facts.get("labels_share", 1.0)) < 1:
        said.append(texts("card.sample", share=f"{100 * share:.3g}"))
    if facts.get("first_cohort"):
        said.append(texts("card.cohorts", first=facts["first_cohort"], last=facts["last_cohort"]))
    if facts.get("held_out"):
        by = texts.either(f"card.by_{facts.get('held_out_by')}", str(facts.get("held_out_by")))
        said.append(texts("card.held_out", n=_n(facts["held_out"]), by=by))
    return said


def _learnt(facts: Mapping[str, Any], texts: Texts) -> list[str]:
    """What labels count, and who inspected."""
    said = []
    if facts.get("drawn_at_random"):
        said.append(texts("card.drawn", n=_n(facts["drawn_at_random"])))
    if odds := facts.get("odds_by_reason"):
        pairs = [f"{texts.either(f'selected.{why}', why) if why else texts('word.unknown')} {_short(x)}" for why, x in odds.items()]
        said.append(texts("card.odds", factors=_comma(texts).join(sorted(pairs))))
    if weights := facts.get("weights"):
        by = texts("card.and").join(_weights_by(part, texts) for part in str(weights["by"]).split(" and "))
        figures = {"cap": number(weights["cap"]), "capped": _n(weights["capped"]), "effective": _n(weights["effective"])}
        said.append(texts("card.weights", by=by, **figures))
    if moved := facts.get("shift"):
        said.append(
            texts(
                "card.shift",
                unweighted=f"{moved['mean_probability_unweighted']:.4f}",
                weighted=f"{moved['mean_probability']:.4f}",
                ranks=f"{moved['rank_correlation']:.3f}",
                same=f"{moved['shared_riskiest_tenth']:.0%}",
            )
        )
    if who := facts.get("inspectors"):
        said.append(texts("card.inspectors", n=_n(who["number"]), spread=f"{who['spread']:.2f}"))
    return said


def _weights_by(part: str, texts: Texts) -> str:
    return texts.either(f"card.weighed_{_KNOWN.get(part, part)}", part)


def _map(facts: Mapping[str, Any], card: Mapping[str, Any], texts: Texts) -> Part:
    """The strictly increasing map, as a formula and at some margins."""
    stored = facts.get("stored") or {}
    calibration = stored.get("calibration")
    rows = [[_short(row[name]) for name in OF_MAP] for row in (card.get("interval") or {"rows": []})["rows"]]
    said = []
    if calibration:
        own = f"1 / (1 + exp(-({calibration['slope']:.6g} × m + {calibration['intercept']:.6g})))"
        background = calibration.get("background")
        said.append(
            texts("card.formula", own=own)
            if background is None
            else texts("card.formula_of_two", own=own, anywhere=f"1 / (1 + exp(-({SLOPE_FLOOR:g} × m + {background:.6g})))")
        )
    if stored.get("level") is not None:
        said.append(texts("card.interval", level=f"{stored['level']:.0%}"))
    head = [texts(f"card.of_{name}") for name in OF_MAP] if rows else []
    return Part("map", said, head=head, rows=rows)


def _contests(facts: Mapping[str, Any], texts: Texts) -> Part:
    """How the champion was chosen."""
    contests = facts.get("contests") or []
    rows = [
        [
            texts(f"champion.{one['challenger']}"),
            texts(f"champion.{one['champion']}"),
            *(_short(one[name]) for name in ("difference", "low", "high")),
            texts("word.yes" if one["wins"] else "word.no"),
        ]
        for one in contests
    ]
    head = [texts(f"card.{name}") for name in ("challenger", "champion", "difference", "low", "high", "wins")]
    return Part("contests", [texts("card.readable")] if rows else [], head=head if rows else [], rows=rows)


def _how_good(facts: Mapping[str, Any], texts: Texts) -> Part:
    orders = facts.get("held_out_orders") or _without_intervals(facts)
    rows = [[_order(name, texts), *(_figure(of.get(metric) or {}, texts) for metric in METRICS)] for name, of in orders.items()]
    said = [texts("card.intervals")] if "held_out_orders" in facts else [] if rows else [texts("card.no_window")]
    against = facts.get("against")
    if against and against.get("difference") is None:
        said.append(texts("card.against_none", model=against["model_id"]))
    elif against:
        figures = {name: f"{against[name]:.4f}" for name in ("difference", "low", "high")}
        key = "card.against_stays" if against["stays"] else "card.against_goes"
        said.append(texts("card.against", model=against["model_id"], n=_n(against["visits"]), **figures) + texts(key))
    head = [texts("status.order"), *(texts(f"metric.{name}") for name in METRICS)] if rows else []
    return Part("good", said, head=head, rows=rows)


def _without_intervals(facts: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float | None]]]:
    """The figures of a model that was trained when no intervals were noted yet."""
    orders = facts.get("held_out_metrics") or {}
    return {name: {metric: {"value": value} for metric, value in values.items()} for name, values in orders.items()}


def _leads(facts: Mapping[str, Any], texts: Texts) -> Part:
    """What the model's figures are above each other order's; models that were trained earlier have none noted."""
    rows = [
        [_order(name, texts), *(_figure(of.get(metric) or {}, texts) for metric in OF_ORDERS)]
        for name, of in (facts.get("held_out_leads") or {}).items()
    ]
    head = [texts("status.order"), *(texts(f"metric.{name}") for name in OF_ORDERS)] if rows else []
    return Part("leads", [texts("card.leads")] if rows else [], head=head, rows=rows)


def _order(name: str, texts: Texts) -> str:
    return texts.either(f"order.{name.replace(' ', '_')}", name)


def _indicators(card: Mapping[str, Any], texts: Texts) -> Part:
    rows = [
        [_indicator(row["indicator"], texts), texts(f"card.direction_{DIRECTIONS[row['direction']]}"), _short(row["importance"])]
        for row in card.get("indicators", [])
    ]
    head = [texts("filter.reason"), texts("card.direction"), texts("status.weight")] if rows else []
    return Part("indicators", [texts("card.importance")] if rows else [], head=head, rows=rows)


def _scorecard(facts: Mapping[str, Any], card: Mapping[str, Any], texts: Texts) -> Part:
    bins = (card.get("scorecard") or {"rows": []})["rows"]
    rows = [[_indicator(row["indicator"], texts), _bin(row, texts), str(row["points"])] for row in bins]
    scorecard = (facts.get("stored") or {}).get("scorecard")
    said = []
    if rows and scorecard:
        said.append(texts("card.points", base=scorecard["base"]))
        if scorecard["share"] != 1:
            said.append(texts("card.share", share=number(scorecard["share"])))
    head = [texts("filter.reason"), texts("card.value"), texts("card.bin_points")] if rows else []
    return Part("scorecard", said, head=head, rows=rows)


def _indicator(column: str, texts: Texts) -> str:
    name = indicator_name(column.removesuffix(PEER_SUFFIX), texts.language)
    return texts("card.against_peers", name=name) if column.endswith(PEER_SUFFIX) else name


def _bin(row: Mapping[str, Any], texts: Texts) -> str:
    """The bounds of a scorecard's bin."""
    first, below = (None if row[name] is None else f"{row[name]:.6g}" for name in ("at_least", "below"))
    if first is None and below is None:
        return texts("word.unknown")
    key = "between" if first and below else "from" if first else "below"
    return texts(f"card.bin_{key}", first=first, below=below)


def _comma(texts: Texts) -> str:
    return ", " if texts.language == "en" else "，"


def _n(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _figure(estimate: Mapping[str, float | None], texts: Texts) -> str:
    """A figure with its interval, where it has one."""
    value, low, high = (_short(estimate.get(name)) for name in ("value", "low", "high"))
    return value if estimate.get("low") is None else texts("card.figure", value=value, low=low, high=high)


def _short(value: float | None) -> str:
    """To four significant digits, as the card has it."""
    return "–" if value is None else f"{float(value):.4g}"
