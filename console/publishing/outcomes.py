"""Export the results of visits to the lake like any source: one file a day, with a mapping and the same checks."""

from __future__ import annotations

import json
from datetime import UTC, date, timedelta
from pathlib import Path

from console.apps.decisions.models import Result
from console.apps.ranking.current_policy import current_policy
from jobs.foundation.files import write_atomic

SOURCE = "console_results"


def export_outcomes(sources: Path, as_of: date) -> tuple[Path | None, int]:
    """Write the results that were recorded on a day. The same day gives the same bytes.

    A day without results is an empty file, which shows that the source is alive; before the first result there is no file. A
    correction belongs to its own day, as a later version of the same visit. ``reported_at`` is when the result was recorded: no
    label may use it before. The visitor is left out: it may not be a feature, and training does not need it. Returns the file, if
    any, and the number of results.
    """
    first, last = (current_policy().start_of(day) for day in (as_of, as_of + timedelta(days=1)))
    if not Result.objects.filter(decision__at__lt=last).exists():
        return None, 0
    results = Result.objects.filter(decision__at__gte=first, decision__at__lt=last).select_related("decision__case").order_by("pk")
    lines = [json.dumps(_facts(result), ensure_ascii=False, sort_keys=True) for result in results]
    path = sources / SOURCE / str(as_of) / "results.jsonl"
    write_atomic(path, "".join(f"{line}\n" for line in lines).encode())
    return path, len(lines)


def _facts(result: Result) -> dict[str, str]:
    """A result as texts by the contract's columns; unknown values are empty."""
    facts = {
        "inspection_id": f"console-{result.first().pk}",
        "entity_id": result.decision.case.entity_id,
        "selected_by": result.selected_by,
        "inclusion_probability": result.inclusion_probability,
        "planned_on": result.planned_on,
        "inspected_on": result.inspected_on,
        "reported_at": result.decision.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "visit_status": result.visit_status,
        "items_checked": result.items_checked,
        "breaches": result.breaches,
        "severity": result.severity,
        "found_violation": None if result.found_violation is None else str(result.found_violation).lower(),
    }
    return {name: "" if value is None else str(value) for name, value in facts.items()}
