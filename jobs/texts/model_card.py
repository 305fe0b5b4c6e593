"""Render a model card, the data of :func:`models.model_card.model_card`, as sections or Markdown in a language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expectations.contracts.indicators import PEER_SUFFIX
from jobs.texts.classes import base_rate_line, findings_text
from jobs.texts.languages import Texts, load_texts
from jobs.texts.names import indicator_name

LIMITS = 4
DIRECTIONS = {1: "more", -1: "less", 0: "either"}
Card = Mapping[str, Any]


@dataclass(frozen=True)
class Block:
    """A piece of a section; ``kind`` is ``text``, ``list`` or ``table``, a table's first row is its head."""

    kind: str
    rows: tuple[tuple[str, ...], ...]
    is_number: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Section:
    """A heading and its blocks."""

    heading: str
    blocks: tuple[Block, ...]


def parse_card(stored: str) -> dict[str, Any] | None:
    """The card's data from its stored text; None for the Markdown of a model trained before cards were data."""
    card: dict[str, Any] | None = json.loads(stored) if stored.startswith("{") else None
    return card


def card_markdown(stored: str, language: str = "en") -> str:
    """A stored card as Markdown; older cards are Markdown already, in English."""
    card = parse_card(stored)
    return stored if card is None else render_model_card(card, language)


def render_model_card(card: Card, language: str) -> str:
    """The card as Markdown."""
    lines: list[str] = []
    for number, section in enumerate(card_sections(card, language)):
        lines += [f"{'##' if number else '#'} {section.heading}", ""]
        for block in section.blocks:
            lines += [*_markdown(block), ""]
    return "\n".join(lines)


def stored_sections(stored: str, language: str) -> tuple[Section, ...]:
    """The sections of a stored card; an older one is a single section with a text for each paragraph."""
    card = parse_card(stored)
    if card is not None:
        return card_sections(card, language)
    heading, *paragraphs = stored.strip().split("\n\n")
    return (Section(heading.lstrip("# "), tuple(_text(paragraph) for paragraph in paragraphs)),) if stored.strip() else ()


def card_sections(card: Card, language: str) -> tuple[Section, ...]:
    """The card's sections in order; the first one's heading is the card's title."""
    texts, facts = load_texts(language), card["facts"]
    trained = texts("model_card.trained", profile=card["profile"], day=card["as_of"], seed=facts.get("seed"))
    sections = [
        Section(texts("model_card.heading", model=card["model_id"]), (_text(trained),)),
        Section(texts("model_card.what"), (_text(_what(card, texts)),)),
        Section(texts("model_card.data"), (_list(_data(facts, texts)),)),
    ]
    if lines := warning_lines(facts, texts):
        sections.insert(1, Section(texts("model_card.warnings"), (_list(lines),)))
    if card["interval"] is not None:
        sections.append(Section(texts("model_card.map"), _map(card, texts)))
    sections += [
        Section(texts("model_card.good"), _quality(card, texts)),
        *_classes(facts, texts),
        Section(texts("model_card.limits"), (_list([texts(f"model_card.limit_{at}") for at in range(1, LIMITS + 1)]),)),
        Section(texts("model_card.indicators"), _indicators(card, texts)),
    ]
    if card["scorecard"] is not None:
        sections.append(Section(texts("model_card.scorecard"), _scorecard(card["scorecard"], texts)))
    return tuple(sections)


def warning_lines(facts: Mapping[str, Any], texts: Texts) -> list[str]:
    """A sentence for each kind of warning in a model's facts (see :func:`models.model_card.model_warnings`)."""
    lines = []
    for kind, names in (facts.get("warnings") or {}).items():
        name_of = _order if kind == "equal_orders" else _indicator
        lines.append(texts(f"model_card.{kind}", names=texts("model_card.comma").join(name_of(name, texts) for name in names)))
    return lines


def _what(card: Card, texts: Texts) -> str:
    facts, weight = card["facts"], f"{card['anomaly_weight']:g}"
    if facts.get("kind") != "learnt":
        return texts("model_card.rule", weight=weight)
    rounds = [texts("model_card.rounds", n=n, kind=texts(f"model_card.kind_{kind}")) for kind, n in sorted(facts["rounds"].items())]
    what, made = texts(f"model_card.champion_{facts['champion']}"), texts("model_card.comma").join(rounds)
    return texts("model_card.model", what=what, learner=facts["learner"], rounds=made, weight=weight)


def _data(facts: Mapping[str, Any], texts: Texts) -> list[str]:
    lines = [
        texts("model_card.population", n=f"{facts.get('population', 0):,}"),
        texts("model_card.visits", n=f"{facts.get('visits', 0):,}", found=f"{facts.get('found', 0):,}"),
    ]
    if (share := facts.get("labels_share", 1.0)) < 1:
        lines.append(texts("model_card.sample", share=f"{100 * share:.3g}"))
    if facts.get("kind") == "learnt":
        lines.append(texts("model_card.cohorts", first=facts["first_cohort"], last=facts["last_cohort"]))
        by = texts.either(f"model_card.by_{facts['held_out_by']}", facts["held_out_by"])
        lines.append(texts("model_card.held_out", n=f"{facts['held_out']:,}", by=by))
    return lines


def _map(card: Card, texts: Texts) -> tuple[Block, ...]:
    """The probability as a function of the margin, and how labels and candidates led to it."""
    calibration, interval = card["calibration"], card["interval"]
    own = f"1 / (1 + exp(-({calibration['slope']:.6g} × m + {calibration['intercept']:.6g})))"
    formula = texts("model_card.formula", own=own)
    if calibration["background"] is not None:
        slope = calibration["background_slope"]
        background = f"1 / (1 + exp(-({slope:g} × m + {calibration['background']:.6g})))"
        formula = texts("model_card.formula_of_two", own=own, background=background)
    text = formula + texts("model_card.interval", level=f"{interval['level']:.0%}")
    names = ("margin", "probability", "low", "high", "low_quarter", "high_quarter")
    head = [texts(f"model_card.of_{name}") for name in names]
    blocks = [_text(text), _table(head, [[_cell(row[name]) for name in names] for row in interval["rows"]], [True] * len(names))]
    if lines := _learning(card["facts"], texts):
        blocks.append(_list(lines))
    if contests := card["facts"].get("contests"):
        blocks += [_text(texts("model_card.readable", least=f"{contests[0].get('least', 0):.0%}")), _contests(contests, texts)]
    return tuple(blocks)


def _learning(facts: Mapping[str, Any], texts: Texts) -> list[str]:
    """Random visits, label weights and inspectors."""
    lines = []
    if drawn := facts.get("drawn_at_random", 0):
        lines.append(texts("model_card.drawn", n=f"{drawn:,}"))
    if odds := facts.get("odds_by_reason"):
        named = {texts.either(f"selected.{why}", why or texts("model_card.no_reason")): ratio for why, ratio in odds.items()}
        ratios = [f"{reason} {ratio:.2g}" for reason, ratio in sorted(named.items())]
        lines.append(texts("model_card.odds", ratios=texts("model_card.comma").join(ratios)))
    lines += _since_finding(facts.get("since_finding", {}), texts)
    if weights := facts.get("weights"):
        numbers = {"cap": f"{weights['cap']:g}", "capped": f"{weights['capped']:,}", "effective": f"{weights['effective']:,.0f}"}
        by = texts("model_card.and").join(
            texts.either(f"model_card.weighed_{part.replace(' ', '_')}", part) for part in weights["by"].split(" and ")
        )
        lines.append(texts("model_card.weights", by=by, **numbers))
    if effect := facts.get("shift"):
        lines.append(
            texts(
                "model_card.shift",
                unweighted=f"{effect['mean_probability_unweighted']:.4f}",
                weighted=f"{effect['mean_probability']:.4f}",
                ranks=f"{effect['rank_correlation']:.3f}",
                same=f"{effect['shared_riskiest_tenth']:.0%}",
            )
        )
    if inspectors := facts.get("inspectors"):
        lines.append(texts("model_card.inspectors", n=f"{inspectors['number']:,}", spread=f"{inspectors['spread']:.2f}"))
    return lines


def _since_finding(shift: Mapping[str, Any], texts: Texts) -> list[str]:
    """For each state since a finding with visits, how many found a violation and how many the model alone expected."""
    rows = zip(*(shift.get(name, ()) for name in ("visits", "found", "expected")), strict=True)
    return [
        texts(
            "model_card.since_finding",
            state=texts(f"finding_state.state_{state}"),
            visits=f"{visits:,}",
            found=f"{found:,.0f}",
            expected=f"{expected:,.0f}",
        )
        for state, (visits, found, expected) in enumerate(rows)
        if state and visits
    ]


def _contests(contests: Sequence[Mapping[str, Any]], texts: Texts) -> Block:
    names, figures = ("challenger", "champion"), ("difference", "low", "high")
    rows = [
        [
            *(texts(f"model_card.kind_{contest[name]}") for name in names),
            *(_cell(contest[name]) for name in figures),
            texts("model_card.yes" if contest["wins"] else "model_card.no"),
        ]
        for contest in contests
    ]
    head = [texts(f"model_card.{name}") for name in (*names, *figures, "wins")]
    return _table(head, rows, [False, False, True, True, True, False])


def _quality(card: Card, texts: Texts) -> tuple[Block, ...]:
    evaluation, against = card["evaluation"], card["facts"].get("against")
    blocks = [_text(texts("model_card.no_window"))]
    if evaluation is not None:
        blocks = [_text(texts("model_card.intervals")), _metrics(evaluation["orders"], texts)]
        if evaluation["calibration"]:
            blocks += [_text(texts("model_card.probabilities")), _metrics({"model": evaluation["calibration"]}, texts)]
        blocks += [_text(texts("model_card.leads")), _metrics(evaluation["leads"], texts)]
    return tuple([*blocks, *map(_text, _against(against, texts))] if against else blocks)


def _against(against: Mapping[str, Any], texts: Texts) -> list[str]:
    """How the model in use compares with this one, and how many places of the list change."""
    waits = against["stays"] and against.get("wins", 0)
    if against["difference"] is None:
        lines = [texts("model_card.against_none", model=against["model_id"])]
        lines += [] if waits else [texts("model_card.against_unknown")]
    else:
        numbers = {name: f"{against[name]:.4f}" for name in ("difference", "low", "high")}
        text = texts("model_card.against", model=against["model_id"], n=f"{against['visits']:,}", **numbers)
        is_better = against["high"] < 0
        lines = [text + texts("model_card.against_better" if is_better else "model_card.against_no_better")]
        lines += [] if waits else [texts("model_card.against_stays" if is_better else "model_card.against_goes")]
    if waits:
        lines.append(texts("model_card.against_waits", wins=against["wins"]))
    if against.get("turnover") is not None:
        lines.append(texts("model_card.turnover", share=f"{against['turnover']:.0%}"))
    if against.get("moved"):
        moved = [f"{_indicator(name, texts)} {first:.3f} → {second:.3f}" for name, first, second in against["moved"]]
        lines.append(texts("model_card.moved", names=texts("model_card.comma").join(moved)))
    return lines


def _classes(facts: Mapping[str, Any], texts: Texts) -> list[Section]:
    """The base rate, and the findings of held-out visits by class; nothing for a model of an earlier version."""
    rate, found = base_rate_line(facts, texts), facts.get("class_findings") or {}
    head = [texts("class.word"), texts("class.findings_head")]
    rows = [[texts(f"class.{letter}"), findings_text(facts, letter, texts)] for letter in found]
    blocks = [
        *([_text(rate)] if rate else []),
        *([_table(head, rows, [False, False]), _text(texts("class.findings_note"))] if rows else []),
    ]
    return [Section(texts("class.word"), tuple(blocks))] if blocks else []


def _metrics(orders: Mapping[str, Mapping[str, Any]], texts: Texts) -> Block:
    """Each order's metrics with their intervals."""
    names = list(dict.fromkeys(name for metrics in orders.values() for name in metrics))
    rows = [
        [
            _order(order, texts),
            *(_figure(metrics.get(name), texts) for name in names),
        ]
        for order, metrics in orders.items()
    ]
    head = [texts("model_card.order"), *(texts.either(f"model_card.metric_{name}", name.replace("_", " ")) for name in names)]
    return _table(head, rows, [False] * len(head))


def _indicators(card: Card, texts: Texts) -> tuple[Block, ...]:
    rows = [
        [
            _indicator(row["indicator"], texts),
            texts(f"model_card.direction_{DIRECTIONS[row['direction']]}"),
            _cell(row["importance"]),
        ]
        for row in card["indicators"]
    ]
    head = [texts(f"model_card.{name}") for name in ("indicator", "direction", "importance")]
    return _text(texts("model_card.importance_note")), _table(head, rows, [False, False, True])


def _scorecard(scorecard: Mapping[str, Any], texts: Texts) -> tuple[Block, ...]:
    text = texts("model_card.points_note", base=scorecard["base"])
    if scorecard["share"] != 1:
        text += texts("model_card.share", share=f"{scorecard['share']:g}")
    rows = [[_indicator(row["indicator"], texts), bin_text(row, texts), str(row["points"])] for row in scorecard["rows"]]
    head = [texts(f"model_card.{name}") for name in ("indicator", "value", "points")]
    return _text(text), _table(head, rows, [False, False, True])


def _order(name: str, texts: Texts) -> str:
    return texts.either(f"model_card.order_{name.replace(' ', '_')}", name)


def _indicator(column: str, texts: Texts) -> str:
    name = indicator_name(column.removesuffix(PEER_SUFFIX), texts.language)
    return texts("model_card.against_peers", name=name) if column.endswith(PEER_SUFFIX) else name


def bin_text(row: Mapping[str, Any], texts: Texts) -> str:
    """The bounds of a scorecard's bin."""
    numbers = {name: f"{row[name]:.6g}" for name in ("at_least", "below") if row[name] is not None}
    return texts("model_card.bin_" + ("_".join(numbers) or "unknown"), **numbers)


def _figure(figure: Mapping[str, float | None] | None, texts: Texts) -> str:
    if figure is None:
        return _cell(None)
    value, low, high = (_cell(figure[name]) for name in ("value", "low", "high"))
    return value if figure["low"] is None else texts("model_card.figure", value=value, low=low, high=high)


def _cell(value: float | None) -> str:
    """A number with four significant digits."""
    return "–" if value is None else f"{value:.4g}"


def _text(text: str) -> Block:
    return Block("text", ((text,),))


def _list(lines: Sequence[str]) -> Block:
    return Block("list", tuple((line,) for line in lines))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], is_number: Sequence[bool]) -> Block:
    return Block("table", (tuple(head), *(tuple(row) for row in rows)), tuple(is_number))


def _markdown(block: Block) -> list[str]:
    if block.kind == "text":
        return [block.rows[0][0]]
    if block.kind == "list":
        return [f"- {row[0]}" for row in block.rows]
    head, *rows = (f"| {' | '.join(row)} |" for row in block.rows)
    return [head, "|" + "|".join("---:" if is_number else "---" for is_number in block.is_number) + "|", *rows]
