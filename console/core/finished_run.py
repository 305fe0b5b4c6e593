"""The lake as the console reads it: files of a finished day, through Delta's own reader, and nothing that would need an engine."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable

from expectations.contracts.contract import Contract, Sensitivity
from expectations.contracts.lineage import DELIVERED_ON, ENTITY_ID, IS_ABSENT, KNOWN_AT, SOURCE, SOURCE_FILE, SOURCE_ROW
from jobs.foundation.errors import ConfigError, InputMissing
from jobs.profile.profile import CONFIG_ROOT

VERSION = "steelyard.contractVersion"
_OF_CHECK = ("rule_id", "about", "severity", "checked", "failed", "column", "delivered_on", "observed", "limit")
_VERSION_ORDER = (KNOWN_AT, DELIVERED_ON, SOURCE, SOURCE_FILE, SOURCE_ROW)


@dataclass(frozen=True)
class FinishedRun:
    """A day's run, by its manifest, and its tables as it left them."""

    home: Path
    as_of: date
    manifest: dict[str, Any]
    profile: dict[str, Any]

    @property
    def run_id(self) -> str:
        """The run's id, which begins with its day."""
        return str(self.manifest["run_id"])

    @property
    def cutoff(self) -> datetime:
        """The first instant after the day in the profile's time zone: what became known from then on is not of the day."""
        zone = ZoneInfo(self.profile["time_zone"])
        return datetime.combine(self.as_of + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)

    def table(self, contract: Contract) -> DeltaTable | None:
        """A table as the run left it; None where it had none.

        Raises:
            ConfigError: when it was written by an earlier or a later Steelyard.
        """
        path = self.home / "lake" / contract.zone.value / contract.name
        version = (self.manifest.get("tables") or {}).get(contract.full_name)
        if version is None or not DeltaTable.is_deltatable(str(path)):
            return None
        table = DeltaTable(str(path), version=None if self._is_past_time_travel() else version)
        there = int(table.metadata().configuration.get(VERSION, 1))
        if there != contract.version:
            raise ConfigError(
                what=f"{contract.full_name} has version {there} of its columns, and this Steelyard reads {contract.version}",
                where=str(path),
                next_step=f"bring the home up with `steelyard lake migrate --home {self.home}`, then publish again",
            )
        return table

    def rows(self, contract: Contract, columns: Sequence[str], *, where: ds.Expression | None = None) -> pa.Table:
        """Some columns of a table, empty where there is none.

        Raises:
            ValueError: for a column that tells of a person: the console shows none.
        """
        _check_impersonal(contract, columns)
        return self._read(contract, columns, where=where)

    def _read(self, contract: Contract, columns: Sequence[str], *, where: ds.Expression | None = None) -> pa.Table:
        table = self.table(contract)
        if table is None:
            return pa.table({str(name): pa.array([], pa.string()) for name in columns})
        return table.to_pyarrow_dataset().to_table(columns=[str(name) for name in columns], filter=where)

    def newest(
        self, contract: Contract, columns: Sequence[str], event_on: str, key: str = ENTITY_ID, numbered: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Of each entity, or record of another key, the newest version known, and happened, by the end of the day, if it is there.

        Args:
            contract: the table's.
            columns: columns as they are.
            event_on: the column that tells when a version's event happened.
            key: what versions are of.
            numbered: columns that one may share with others, as numbers: equal where the values are, -1 for none. Pseudonyms of
                persons may be among them; the numbers are of this call alone and tell nothing of anybody.

        Raises:
            ValueError: for a column of ``columns`` that tells of a person.
        """
        _check_impersonal(contract, columns)
        kept = [str(name) for name in dict.fromkeys((key, *columns))]
        keys = [str(name) for name in numbered]
        if self.table(contract) is None:
            return pd.DataFrame(columns=[*kept, *keys], dtype=object)
        names = [str(name) for name in dict.fromkeys((*kept, *keys, event_on, IS_ABSENT, *_VERSION_ORDER))]
        rows = self._read(contract, names)
        known_at = rows[KNOWN_AT].cast(pa.timestamp("us", tz="UTC"))
        is_known = pc.and_(
            pc.less(known_at, pa.scalar(self.cutoff, pa.timestamp("us", tz="UTC"))),
            pc.or_(
                pc.is_null(rows[event_on]),
                pc.fill_null(pc.less_equal(rows[event_on], pa.scalar(self.as_of, pa.date32())), False),
            ),
        )
        rows = rows.filter(is_known)
        rows = rows.filter(_is_newest(rows.select([str(key), str(IS_ABSENT), *map(str, _VERSION_ORDER)]).to_pandas(), str(key)))
        # What others share is numbered where it lies: of a country's pseudonyms no Python text is made.
        return rows.select(kept).to_pandas().assign(**_numbers(rows, keys))

    def batches(self, contract: Contract, columns: Sequence[str], *, where: ds.Expression) -> Iterator[dict[str, Any]]:
        """As :meth:`rows`, a row at a time, of a table that need not fit into memory.

        Raises:
            ValueError: for a column that tells of a person.
        """
        _check_impersonal(contract, columns)
        table = self.table(contract)
        if table is not None:
            names = [str(name) for name in columns]
            for batch in table.to_pyarrow_dataset().to_batches(columns=names, filter=where, batch_size=20_000):
                yield from batch.to_pylist()

    def day(self, contract: Contract, columns: Sequence[str]) -> pa.Table:
        """The rows of the run's day."""
        return self.rows(contract, columns, where=ds.field("as_of") == self.as_of)

    def source_manifests(self) -> list[dict[str, Any]]:
        """What the day settled of each source: verdict, why, newest delivery and its chain, and the rules that failed."""
        found = []
        for name, verdict in sorted((self.manifest.get("sources") or {}).items()):
            settled = self._settled(name)
            failed = [
                {key: check.get(key) for key in _OF_CHECK} for check in settled.get("checks", []) if not check.get("passed", True)
            ]
            newest = (settled.get("batches") or [{}])[-1]
            found.append(
                {
                    "source": name,
                    "contract": settled.get("contract", ""),
                    "verdict": settled.get("verdict", verdict),
                    "why": settled.get("why", ""),
                    "newest_delivery": settled.get("newest_delivery"),
                    "came": newest.get("delivered_on"),
                    "chain": newest.get("chain"),
                    "unusable": len(newest.get("unusable") or []),
                    "known_rows": settled.get("known_rows", 0),
                    "checks": len(settled.get("checks", [])),
                    "failed": failed,
                }
            )
        return found

    def chains_until(self, day: date) -> dict[str, str]:
        """Of each source the chain of its newest delivery of up to a day, as the run knows it; none where it has no delivery."""
        found = {}
        for name in self.manifest.get("sources") or {}:
            came = [batch for batch in self._settled(name).get("batches", []) if batch["delivered_on"] <= day.isoformat()]
            if came:
                found[name] = str(came[-1]["chain"])
        return found

    def _settled(self, name: str) -> dict[str, Any]:
        return _read(self.home / "manifests" / "sources" / name / f"{self.as_of}.json") or {}

    def model_figures(self) -> dict[str, Any]:
        """What the stored model, beside its facts, says in figures of which its card speaks; empty where there is none."""
        stored = _read(self.home / "models" / str(self.manifest.get("model_id")) / "model.json")
        if stored is None:
            return {}
        learner = (stored.get("learnt") or {}).get("learner") or {}
        members = list(zip(learner.get("members", [learner]), learner.get("shares", [1.0]), strict=True))
        cards = [{"base": one["base"], "share": share} for one, share in members if one.get("kind") == "scorecard"]
        return {
            "anomaly_weight": stored.get("anomaly_weight"),
            "calibration": stored.get("calibration"),
            "level": (stored.get("interval") or {}).get("level"),
            "scorecard": cards[0] if cards else None,
        }

    def model_card(self) -> str:
        """What the model's card says, Markdown; empty where there is none."""
        try:
            return (self.home / "models" / str(self.manifest.get("model_id")) / "card.md").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def _is_past_time_travel(self) -> bool:
        noted = _read(self.home / "manifests" / "time_travel.json")
        return noted is not None and self.as_of < date.fromisoformat(noted["since"])


def _check_impersonal(contract: Contract, columns: Sequence[str]) -> None:
    for name in columns:
        if contract.column(name).sensitivity is Sensitivity.PERSONAL:
            raise ValueError(f"{contract.full_name}.{name} tells of a person and is not read")


def _is_newest(versions: pd.DataFrame, key: str) -> pa.Array:
    """Of each version whether it is the newest of its key, and not that of one that is there no more."""
    # Most have one version: only the others need to be put in order.
    is_newest = ~versions.duplicated(key, keep=False).to_numpy()
    ordered = versions[~is_newest].sort_values([key, *_VERSION_ORDER])
    is_newest[ordered.drop_duplicates(key, keep="last").index] = True
    return pa.array(is_newest & ~versions[IS_ABSENT].to_numpy(dtype=bool))


def _numbers(rows: pa.Table, names: Sequence[str]) -> dict[str, Any]:
    """The columns as numbers of one numbering, so that a person under one is found under another."""
    if not names:
        return {}
    together = pa.chunked_array([part for name in names for part in rows[name].chunks], rows[names[0]].type)
    encoded = together.cast(pa.large_string()).combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy().astype(int)
    codes[codes == pc.index(encoded.dictionary, "").as_py()] = -1
    return dict(zip(names, codes.reshape(len(names), len(rows)), strict=True))


def finished_run(home: Path, as_of: date) -> FinishedRun:
    """The run of a day.

    Raises:
        ConfigError: when the day was not finished.
    """
    folder = home / "manifests" / "runs"
    manifest = _read(folder / f"{as_of}.json")
    if manifest is None:
        days = sorted(path.stem for path in folder.glob("????-??-??.json"))
        raise InputMissing(
            what=f"there is no list for {as_of}",
            where=str(home),
            next_step=f"make it with `steelyard run --as-of {as_of}`, or name a day that has one:"
            f" {', '.join(days[-10:]) or 'none yet'}",
        )
    return FinishedRun(home, as_of, manifest, _profile(manifest))


def _profile(manifest: dict[str, Any]) -> dict[str, Any]:
    folder = Path(manifest.get("profile_folder") or CONFIG_ROOT / str(manifest["profile"]))
    path = folder / "profile.toml"
    if not path.is_file():
        raise ConfigError(
            what="the profile that the day was run with is gone",
            where=str(path),
            next_step="bring it back, or run the day again with one that is there",
        )
    # The console keeps it as JSON, which knows no dates: the calendar's become texts.
    profile: dict[str, Any] = json.loads(json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=str))
    return profile


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ConfigError(
            what=f"the manifest is no JSON: {error}", where=str(path), next_step="bring it back from a backup"
        ) from error
