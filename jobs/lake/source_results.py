"""A day's results from its manifests: the run, its sources, their deliveries and checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jobs.foundation.errors import ConfigError
from jobs.foundation.files import read_json
from jobs.lake.batches import Counts
from jobs.lake.manifests import run_manifest_path, source_manifest_path

GOOD_VERDICTS = ("passed", "unchanged")


@dataclass(frozen=True)
class Check:
    """One rule's result on one delivery; ``observed`` and ``limit`` belong to batch rules."""

    rule_id: str
    severity: str
    about: str
    column: str
    delivered_on: str
    checked: int
    failed: int
    is_passed: bool
    observed: float | None
    limit: float | None


@dataclass(frozen=True)
class RuleResult:
    """One rule's results over a day's deliveries, and the checks that failed."""

    latest: Check
    deliveries: int
    checked: int
    failed: int
    failures: tuple[Check, ...]

    @property
    def is_passed(self) -> bool:
        """Whether the rule held in every delivery."""
        return not self.failures


@dataclass(frozen=True)
class Source:
    """A source on a day: its verdict, the counts of each delivery so far, and its rules' results.

    ``newest_delivery`` is the newest usable one; the last of ``deliveries`` may be a later one that was stopped, and ``unusable``
    counts its files that could not be read; ``late`` are the days of deliveries that came late or again and are in use.
    """

    name: str
    verdict: str
    why: str
    newest_delivery: date | None
    known_rows: int
    deliveries: tuple[tuple[date, Counts], ...]
    rules: tuple[RuleResult, ...]
    unusable: int = 0
    late: tuple[str, ...] = ()

    @property
    def came(self) -> date | None:
        """The day of the newest delivery, usable or not; None when none came."""
        return self.deliveries[-1][0] if self.deliveries else None

    @property
    def is_current(self) -> bool:
        """Whether its newest data is in use."""
        return self.verdict in GOOD_VERDICTS

    @property
    def total(self) -> Counts:
        """The counts of all deliveries together."""
        return sum((counts for _, counts in self.deliveries), Counts())

    @property
    def is_balanced(self) -> bool:
        """Whether the counts of every delivery add up."""
        return all(counts.adds_up for _, counts in self.deliveries)

    @property
    def failed_rules(self) -> int:
        """The number of rules that failed in some delivery."""
        return sum(not rule.is_passed for rule in self.rules)


def read_run(home: Path, as_of: date) -> dict[str, Any] | None:
    """The run manifest of a day; None when the day is not finished."""
    return _read(run_manifest_path(home, as_of))


def read_sources(home: Path, as_of: date, verdicts: dict[str, str]) -> tuple[Source, ...]:
    """Every source of a day, by name.

    Args:
        verdicts: the run manifest's verdict of each source, used alone for a source without a manifest of that day.

    Raises:
        ConfigError: when a manifest cannot be read or lacks something.
    """
    return tuple(_read_source(home, name, as_of, verdicts[name]) for name in sorted(verdicts))


def _read_source(home: Path, name: str, as_of: date, verdict: str) -> Source:
    path = source_manifest_path(home, name, as_of)
    manifest = _read(path) or {"verdict": verdict}
    try:
        newest, batches = manifest.get("newest_delivery"), manifest.get("batches", [])
        return Source(
            name=name,
            verdict=manifest["verdict"],
            why=manifest.get("why") or "",
            newest_delivery=date.fromisoformat(newest) if newest else None,
            known_rows=manifest.get("known_rows") or 0,
            deliveries=_deliveries(batches),
            rules=_by_rule([_check(entry) for entry in manifest.get("checks", [])]),
            late=tuple(manifest.get("late") or ()),
            unusable=len(batches[-1].get("unusable") or []) if batches else 0,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            what=f"the manifest lacks or misspells {error}", where=str(path), next_step="run the day again"
        ) from error


def _deliveries(batches: list[dict[str, Any]]) -> tuple[tuple[date, Counts], ...]:
    """The counts by day of delivery, oldest first."""
    counts: dict[date, Counts] = {}
    for batch in batches:
        on = date.fromisoformat(batch["delivered_on"])
        counts[on] = counts.get(on, Counts()) + Counts.stored(batch)
    return tuple(sorted(counts.items()))


def _check(entry: dict[str, Any]) -> Check:
    return Check(
        rule_id=entry["rule_id"],
        severity=entry["severity"],
        about=entry.get("about") or "",
        column=entry.get("column") or "",
        delivered_on=entry.get("delivered_on") or "",
        checked=entry.get("checked") or 0,
        failed=entry.get("failed") or 0,
        is_passed=bool(entry["passed"]),
        observed=entry.get("observed"),
        limit=entry.get("limit"),
    )


def _by_rule(checks: list[Check]) -> tuple[RuleResult, ...]:
    """One result a rule: failed critical rules first, then failed warnings, then the rest, each by rule id."""
    rules: dict[str, list[Check]] = {}
    for check in sorted(checks, key=lambda check: (check.rule_id, check.delivered_on)):
        rules.setdefault(check.rule_id, []).append(check)
    results = [
        RuleResult(
            latest=found[-1],
            deliveries=len(found),
            checked=sum(check.checked for check in found),
            failed=sum(check.failed for check in found),
            failures=tuple(check for check in found if not check.is_passed),
        )
        for found in rules.values()
    ]
    return tuple(sorted(results, key=lambda rule: (rule.is_passed, rule.latest.severity, rule.latest.rule_id)))


def _read(path: Path) -> dict[str, Any] | None:
    content = read_json(path)
    if content is not None and not isinstance(content, dict):
        raise ConfigError(what="the manifest is not a JSON object", where=str(path), next_step="run the day again")
    return content
