"""Trace an entity's scores back to reasons, features, silver rows, and the file and row of each; show them as a tree or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from operator import itemgetter
from typing import Any

import pandas as pd
from pyspark.sql import functions as F
from rich.console import Console
from rich.markup import escape
from rich.text import Text
from rich.tree import Tree

from expectations.contracts import complaint, scoring, silver
from expectations.contracts.contract import Contract, Sensitivity, standard_literal
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID, KNOWN_AT, LINEAGE, SOURCE, SOURCE_FILE, SOURCE_ROW
from expectations.contracts.quarantine import COMBINED, INTO_FILE, INTO_ROW
from expectations.contracts.registry import SILVER
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.incremental.previous_classes import has_all_scores
from jobs.lake.manifests import lake_of_finished_day
from jobs.profile.profile import Profile
from jobs.texts.classes import family_name
from jobs.texts.languages import load_texts
from jobs.texts.reasons import better_texts, reason_texts
from jobs.transforms.latest_known import keep_known

_TABLES = tuple(table for table in SILVER.values() if ENTITY_ID in table.columns)


@dataclass(frozen=True)
class SourceRow:
    """A silver row that was known on the day: its file and row, the further rows that went into it, and its values."""

    contract: str
    source_file: str
    source_row: int
    known_at: str
    says: dict[str, Any]
    combined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """Everything that an entity's scores on a day were computed from.

    ``standing`` and ``reasons`` have their texts in each language besides the columns of their tables. If a day retains only the
    features and links of listed entities, then for others ``features`` is empty and ``rows`` lacks linked complaints.
    """

    entity_id: str
    as_of: date
    standing: dict[str, Any]
    reasons: list[dict[str, Any]]
    features: dict[str, float | None]
    made_of: dict[str, tuple[str, ...]]
    rows: list[SourceRow]


def trace_entity(lake: Lake, profile: Profile, entity_id: str, as_of: date) -> Trace:
    """Trace an entity on a day, in the tables as they were when the day was finished.

    Raises:
        InputMissing: when the entity was not scored that day.
    """
    lake = lake_of_finished_day(lake, as_of)
    who = f"{ENTITY_ID} = {standard_literal(entity_id)} AND {AS_OF} = '{as_of}'"
    scores = lake.arrow(scoring.SCORES, where=who).to_pylist()
    if not scores and not has_all_scores(lake, as_of):
        raise InputMissing(
            what=f"{entity_id!r} is not listed on {as_of}, and only the scores of listed entities are retained for that day",
            where="gold.scores",
            next_step="trace a listed entity, a month's last day, or a day within [retention] of the profile",
        )
    if not scores:
        raise InputMissing(
            what=f"{entity_id!r} was not scored on {as_of}",
            where="gold.scores",
            next_step="check the identifier and the day; run the day first",
        )
    listed = lake.arrow(scoring.RISK_LIST, where=who).to_pylist()
    reasons = lake.arrow(scoring.REASONS, where=who).to_pylist()
    features = lake.arrow(features_contract(), where=who).to_pylist()
    return Trace(
        entity_id=entity_id,
        as_of=as_of,
        standing={**scores[0], **({**listed[0], **better_texts(listed[0], profile)} if listed else {})},
        reasons=[{**row, **reason_texts(row, profile)} for row in sorted(reasons, key=lambda row: row[scoring.REASON_RANK])],
        features={indicator.column: row[indicator.column] for row in features for indicator in catalogue()},
        made_of={indicator.column: indicator.sources for indicator in catalogue()},
        rows=[row for table in _TABLES for row in _rows(lake, profile, table, entity_id, as_of)],
    )


def _rows(lake: Lake, profile: Profile, table: Contract, entity_id: str, as_of: date) -> list[SourceRow]:
    known = lake.read(table).transform(keep_known, cutoff=profile.end_of(as_of), as_of=as_of, event_on=table.event_on)
    ids = F.col(ENTITY_ID) == entity_id
    if table is silver.COMPLAINT:
        links = lake.read(silver.LINK).where(F.col(ENTITY_ID) == entity_id).where(f"{AS_OF} = '{as_of}'")
        linked = [row[0] for row in links.select(complaint.COMPLAINT_ID).collect()]
        ids = ids | F.col(complaint.COMPLAINT_ID).isin(linked) if linked else ids
    found = known.where(ids).orderBy(KNOWN_AT, SOURCE_FILE, SOURCE_ROW).toPandas()
    into = _combined_into(lake, found)
    shown = [column for column in table.columns if column.sensitivity is not Sensitivity.PERSONAL]
    return [
        SourceRow(
            table.name,
            str(row[SOURCE_FILE]),
            int(row[SOURCE_ROW]),
            str(row[KNOWN_AT]),
            {str(column): row[column] for column in shown if row[column] is not None and row[column] == row[column]},
            tuple(into.get((row[SOURCE], row[SOURCE_FILE], row[SOURCE_ROW]), ())),
        )
        for row in found.to_dict("records")
    ]


def _combined_into(lake: Lake, rows: pd.DataFrame) -> dict[tuple[str, str, int], list[str]]:
    """The file and row of each record that the mapping combined into one of the rows, by source, file and row of that one."""
    found: dict[tuple[str, str, int], list[str]] = {}
    if not lake.exists(COMBINED):
        return found
    places = [(str(row[SOURCE]), str(row[SOURCE_FILE]), int(row[SOURCE_ROW])) for row in rows.to_dict("records")]
    for source, file in sorted({place[:2] for place in places}):
        numbers = ", ".join(str(place[2]) for place in places if place[:2] == (source, file))
        where = f"{SOURCE} = {standard_literal(source)} AND {INTO_FILE} = {standard_literal(file)} AND {INTO_ROW} IN ({numbers})"
        for row in sorted(lake.arrow(COMBINED, where=where).to_pylist(), key=itemgetter(SOURCE_FILE, SOURCE_ROW)):
            found.setdefault((source, file, row[INTO_ROW]), []).append(f"{row[SOURCE_FILE]} row {row[SOURCE_ROW]}")
    return found


_HIDDEN = {str(column) for column in LINEAGE} | {"entity_id", "id_scheme"}


def as_json(trace: Trace) -> str:
    """The whole trace as JSON, dates as text."""
    return json.dumps(asdict(trace), ensure_ascii=False, indent=1, default=str)


def show_trace(trace: Trace, console: Console, rows: int) -> None:
    """Show reason → feature → silver rows → file and row; at most the ``rows`` newest rows of each table."""
    standing = trace.standing
    tree = Tree(
        f"[bold]{escape(trace.entity_id)}[/] on {trace.as_of}: class {standing[scoring.RISK_CLASS]}, "
        f"{standing[scoring.CREDIT_POINTS]} points, margin {standing[scoring.MARGIN]:.3f}, "
        f"{_probability(standing)}rank {standing.get(scoring.LIST_RANK, 'not listed')}, model {standing[scoring.MODEL_ID]}"
    )
    if standing.get(scoring.HELD_CLASS):
        family = family_name(standing[scoring.HELD_SOURCE] or "", load_texts("en")) or "one family without a name"
        tree.add(f"class {standing[scoring.HELD_CLASS]} is withheld: it depends on {escape(family)}")
    if better := standing.get("better_en"):
        tree.add(Text(better))
    if not trace.features:
        tree.add("its indicators and links of that day are no longer retained; those of listed entities are")
    by_table = {table.name: [row for row in trace.rows if row.contract == table.name] for table in _TABLES}
    shown: set[str] = set()
    for reason in trace.reasons:
        column = reason[scoring.INDICATOR]
        branch = tree.add(
            f"{reason[scoring.REASON_RANK]}. {escape(reason['sentence_en'])} [dim]({reason[scoring.CONTRIBUTION]:+.3f})[/]"
        )
        for said in (reason["basis_en"], reason["change_en"]):
            if said:
                branch.add(Text(said, style="dim"))
        leaf = branch.add(f"feature {column} = {trace.features.get(column)}")
        for source in trace.made_of.get(column, ()):
            if source not in SILVER:
                continue  # a link belongs to the complaint shown here
            name = SILVER[source].name
            where = f"silver.{name}: {len(by_table[name])} rows known that day"
            leaf.add(where + (" (above)" if name in shown else ""))
            if name not in shown:
                shown.add(name)
                for row in by_table[name][-rows:] if rows else []:
                    leaf.add(_line(row))
    for name, found in by_table.items():
        if name not in shown and found:
            branch = tree.add(f"silver.{name}: {len(found)} rows known that day, used by no listed reason")
            for row in found[-rows:] if rows else []:
                branch.add(_line(row))
    console.print(tree, highlight=False)


def _probability(standing: dict[str, Any]) -> str:
    low, high = standing.get(scoring.PROBABILITY_LOW), standing.get(scoring.PROBABILITY_HIGH)
    if low is None or high is None:
        return ""
    return f"probability {standing[scoring.PROBABILITY]:.3f} ({low:.3f} to {high:.3f}, evidence {standing[scoring.EVIDENCE]:.2f}), "


def _line(row: SourceRow) -> str:
    others = f" with {', '.join(row.combined)}".replace(f" {row.source_file} row", " row") if row.combined else ""
    place = escape(f"{row.source_file} row {row.source_row}{others}")
    return f"[dim]{place}, known {row.known_at}[/] {escape(values_in_words(row.says))}"


def values_in_words(says: Mapping[str, Any]) -> str:
    """The values of a row as a text, without its lineage and its entity."""
    return ", ".join(f"{key}={value}" for key, value in says.items() if key not in _HIDDEN)
