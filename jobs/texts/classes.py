"""Sentences that put the classes, their credit points and the probability on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.profile.profile import CLASSES
from jobs.texts.languages import Texts
from jobs.texts.numbers import NOTHING, number, percent

WORST = CLASSES[-1]


def family_name(name: str, texts: Texts) -> str:
    """The name of a family of indicators; of a day of an earlier version, that of a source."""
    return texts.either(f"family.{name}", texts.either(f"records.{name}", name))


def base_rate_line(model: Mapping[str, Any], texts: Texts) -> str:
    """What the base rate is and which visits it is from, by a model's facts; empty where they have none."""
    rate = model.get("base_rate")
    if not rate:
        return ""
    counts = {name: number(rate[name]) for name in ("visits", "found")}
    key = "class.base_drawn" if rate["is_drawn"] else "class.base_all"
    return texts(key, **{name: percent(rate[name]) for name in ("rate", "low", "high")}, **counts)


def bound_line(run: Mapping[str, Any], letter: str, texts: Texts) -> str:
    """Where a class begins, in credit points and as a probability, by a run's manifest; empty where the day has no bounds."""
    bounds, model = run.get("class_bounds"), run.get("model") or {}
    if not bounds:
        return ""
    if letter not in bounds["begins"]:
        return texts("class.begins_best", letter=letter, points=bounds["lowest"][letter])
    wanted, start = bounds["begins"][letter], bounds["starts"][letter]
    points, chance = start["points"], percent(start["chance"])
    if bounds["by"] == "multiples":
        rate = percent(model["base_rate"]["rate"])
        return texts("class.begins_multiples", letter=letter, points=points, multiple=f"{wanted:g}", rate=rate, chance=chance)
    key = "class.begins_first" if letter == WORST else "class.begins_next"
    line = texts(key, letter=letter, share=percent(wanted), points=points)
    return line + (texts("class.chance", chance=chance) if model.get("kind") == "learnt" else "")


def class_lines(run: Mapping[str, Any], texts: Texts) -> list[str]:
    """The base rate and where each class begins, the worst first, with the second bound; none for a day without bounds."""
    if not run.get("class_bounds"):
        return []
    lines = [base_rate_line(run.get("model") or {}, texts), *(bound_line(run, letter, texts) for letter in reversed(CLASSES))]
    return [*filter(None, lines), texts("class.leave", points=run["class_bounds"]["leave_points"])]


def findings_text(model: Mapping[str, Any], letter: str, texts: Texts) -> str:
    """The share of held-out visits to a class that found a violation, with its interval, by a model's facts."""
    found = (model.get("class_findings") or {}).get(letter)
    if not found:
        return NOTHING
    shares = {name: percent(found[name]) for name in ("share", "low", "high")}
    return texts("class.findings", visits=number(found["visits"]), **shares)


def moves_line(run: Mapping[str, Any], texts: Texts) -> str:
    """How many entities moved from which class to which since the day before, by a run's manifest; empty on a first day."""
    changed = run.get("class_moves")
    if not changed:
        return ""
    moves = [texts("class.move", was=one["from"], now=one["to"], entities=number(one["entities"])) for one in changed["moves"]]
    return texts("class.moves" if moves else "class.no_move", day=changed["since"], moves=texts("model_card.comma").join(moves))
