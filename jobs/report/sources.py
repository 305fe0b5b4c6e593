"""What the manifests say of a day: the run, its sources, their deliveries and checks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jobs.runtime.errors import ConfigError

GOOD_VERDICTS = ("passed", "unchanged")


@dataclass(frozen=True)
class Check:
    """One rule's result on one delivery; ``observed`` and ``limit`` are those of a batch rule."""

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
    """A source on a day: its verdict, the counts of the day's deliveries, and its rules' results."""

    name: str
    verdict: str
    why: str
    newest_delivery: date | None
    known_rows: int
    read: int
    kept: int
    duplicates: int
    quarantined: int
    out_of_scope: int
    rules: tuple[RuleResult, ...]
    volumes: tuple[tuple[date, int], ...]

    @property
    def is_current(self) -> bool:
        """Whether nothing stands in the way of its newest data."""
        return self.verdict in GOOD_VERDICTS

    @property
    def is_balanced(self) -> bool:
        """Whether rows read are rows kept, doubled, quarantined and out of scope."""
        return self.read == self.kept + self.duplicates + self.quarantined + self.out_of_scope

    @property
    def failed_rules(self) -> int:
        """Rules that failed in some delivery."""
        return sum(not rule.is_passed for rule in self.rules)


def read_run(home: Path, as_of: date) -> dict[str, Any] | None:
    """The run's manifest of a day, None when the day was not finished."""
    path = home / "manifests" / "runs" / f"{as_of.isoformat()}.json"
    return _read_json(path) if path.is_file() else None


def finished_days(home: Path) -> list[str]:
    """The days that have a run's manifest, oldest first."""
    return sorted(path.stem for path in (home / "manifests" / "runs").glob("*.json"))


def read_sources(home: Path, as_of: date, verdicts: dict[str, str], days: int) -> tuple[Source, ...]:
    """Every source of a day, by name.

    Args:
        home: the run's home.
        as_of: the day.
        verdicts: the run manifest's verdicts; a source that has no manifest of its own that day is known by it alone.
        days: how many days of volumes to keep, the day itself the last.
    """
    root = home / "manifests" / "sources"
    today = f"{as_of.isoformat()}.json"
    names = set(verdicts) | {path.parent.name for path in root.glob(f"*/{today}")}
    try:
        return tuple(_read_source(root / name, as_of, verdicts.get(name, ""), days) for name in sorted(names))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            what=f"a source's manifest lacks or misspells {error}", where=str(root), then="run the day again"
        ) from error


def _read_source(folder: Path, as_of: date, verdict: str, days: int) -> Source:
    path = folder / f"{as_of.isoformat()}.json"
    manifest = _read_json(path) if path.is_file() else {}
    batches = manifest.get("batches", [])
    newest = manifest.get("newest_delivery")

    def total(count: str) -> int:
        return sum(batch.get(count) or 0 for batch in batches)

    return Source(
        name=folder.name,
        verdict=manifest.get("verdict", verdict),
        why=manifest.get("why") or "",
        newest_delivery=date.fromisoformat(newest) if newest else None,
        known_rows=manifest.get("known_rows") or 0,
        read=total("read"),
        kept=total("kept"),
        duplicates=total("duplicates"),
        quarantined=total("quarantined"),
        out_of_scope=total("out_of_scope"),
        rules=_by_rule([_check(entry) for entry in manifest.get("checks", [])]),
        volumes=_volumes(folder, as_of, days),
    )


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


def _volumes(folder: Path, as_of: date, days: int) -> tuple[tuple[date, int], ...]:
    """Rows read by delivery in the last ``days`` days; where several runs read a delivery, the latest run counts."""
    rows: dict[date, int] = {}
    for path in sorted(folder.glob("*.json")):
        if path.stem > as_of.isoformat():
            continue
        of_run: dict[date, int] = {}
        for batch in _read_json(path).get("batches", []):
            delivered_on = date.fromisoformat(batch["delivered_on"])
            if 0 <= (as_of - delivered_on).days < days:
                of_run[delivered_on] = of_run.get(delivered_on, 0) + (batch.get("read") or 0)
        rows |= of_run
    return tuple(sorted(rows.items()))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(what=f"the manifest is not valid JSON: {error}", where=str(path), then="run the day again") from error
    if not isinstance(content, dict):
        raise ConfigError(what="the manifest is no JSON object", where=str(path), then="run the day again")
    return content
