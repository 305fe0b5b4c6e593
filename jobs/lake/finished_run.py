"""A finished day as its readers see it: its manifest, and its tables as the run left them. No engine is needed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable

from expectations.contracts.contract import Contract, Sensitivity
from expectations.contracts.lineage import ENTITY_ID, IS_ABSENT, KNOWN_AT, VERSION_ORDER
from jobs.foundation.errors import ConfigError, InputMissing
from jobs.foundation.files import days_in, read_json, read_toml
from jobs.foundation.paths import MODELS
from jobs.lake.manifests import lake_of_run, outages_of_run, read_source_manifest, run_manifest_path
from jobs.lake.table_version import check_not_newer, selects_up
from jobs.lake.tables import LakeTables
from jobs.profile.code_names import read_code_names
from jobs.profile.profile import CONFIG_ROOT

_OF_CHECK = ("rule_id", "about", "severity", "checked", "failed", "column", "delivered_on", "observed", "limit")


@dataclass(frozen=True)
class FinishedRun:
    """The run of a day: its manifest, its profile as JSON, and its tables. It never reads a personal column."""

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
        """The first instant (UTC) after the day in the profile's time zone; later facts were not known on the day."""
        zone = ZoneInfo(self.profile["time_zone"])
        return datetime.combine(self.as_of + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)

    def table(self, contract: Contract) -> DeltaTable | None:
        """A table as the run left it, maybe with the columns of an earlier contract; None when it had none.

        Raises:
            ConfigError: when the table was written by a later Steelyard.
        """
        if (self.manifest.get("tables") or {}).get(contract.full_name) is None or not self._lake.exists(contract):
            return None
        table = self._lake.open(contract)
        check_not_newer(table, contract, self.home)
        return table

    @cached_property
    def _lake(self) -> LakeTables:
        return lake_of_run(LakeTables(self.home), self.as_of, self.manifest)

    def _dataset(self, contract: Contract) -> ds.Dataset | None:
        """A table as the run left it, its rows converted to today's contract; None when it had none."""
        table = self.table(contract)
        if table is None:
            return None
        return ds.dataset(self._lake.arrow(contract)) if selects_up(table, contract) else table.to_pyarrow_dataset()

    def rows(self, contract: Contract, columns: Sequence[str], *, where: ds.Expression | None = None) -> pa.Table:
        """Some columns of a table, empty when there is none.

        Raises:
            ValueError: for a personal column.
        """
        _check_impersonal(contract, columns)
        return self._read(contract, columns, where=where)

    def _read(self, contract: Contract, columns: Sequence[str], *, where: ds.Expression | None = None) -> pa.Table:
        rows = self._dataset(contract)
        if rows is None:
            return pa.table({str(name): pa.array([], pa.string()) for name in columns})
        return rows.to_table(columns=[str(name) for name in columns], filter=where)

    def newest(
        self, contract: Contract, columns: Sequence[str], event_on: str, key: str = ENTITY_ID, numbered: Sequence[str] = ()
    ) -> pd.DataFrame:
        """The newest version of each key that was known, and whose event had happened, by the end of the day.

        Keys whose newest version is absent are left out. :func:`jobs.transforms.latest_known.keep_latest` is the same for frames.

        Args:
            columns: columns to return unchanged.
            event_on: the column with the day of a version's event.
            key: the column that versions are grouped by.
            numbered: columns to return as numbers: equal where the values are equal, -1 for none. They may be pseudonyms of
                persons; the numbers are valid within this call only and identify nobody.

        Raises:
            ValueError: for a personal column in ``columns``.
        """
        _check_impersonal(contract, columns)
        kept = [str(name) for name in dict.fromkeys((key, *columns))]
        keys = [str(name) for name in numbered]
        if self.table(contract) is None:
            return pd.DataFrame(columns=[*kept, *keys], dtype=object)
        names = [str(name) for name in dict.fromkeys((*kept, *keys, event_on, IS_ABSENT, *VERSION_ORDER))]
        rows = self._read(contract, names)
        known_at = rows[KNOWN_AT].cast(pa.timestamp("us", tz="UTC"))
        is_known = pc.and_(
            pc.less(known_at, pa.scalar(self.cutoff, pa.timestamp("us", tz="UTC"))),
            pc.or_(
                pc.is_null(rows[event_on]), pc.fill_null(pc.less_equal(rows[event_on], pa.scalar(self.as_of, pa.date32())), False)
            ),
        )
        rows = rows.filter(is_known)
        rows = rows.filter(_is_newest(rows.select([str(key), str(IS_ABSENT), *map(str, VERSION_ORDER)]).to_pandas(), str(key)))
        # Shared values are numbered in Arrow: millions of pseudonyms as Python strings would be slow.
        return rows.select(kept).to_pandas().assign(**_numbers(rows, keys))

    def batches(self, contract: Contract, columns: Sequence[str], *, where: ds.Expression) -> Iterator[dict[str, Any]]:
        """As :meth:`rows`, one row at a time, for a table that does not fit into memory.

        Raises:
            ValueError: for a personal column.
        """
        _check_impersonal(contract, columns)
        rows = self._dataset(contract)
        if rows is not None:
            names = [str(name) for name in columns]
            for batch in rows.to_batches(columns=names, filter=where, batch_size=20_000):
                yield from batch.to_pylist()

    def day(self, contract: Contract, columns: Sequence[str]) -> pa.Table:
        """The rows of the run's day."""
        return self.rows(contract, columns, where=ds.field("as_of") == self.as_of)

    def source_manifests(self) -> list[dict[str, Any]]:
        """The state of each source on the day: verdict, reason, newest delivery with its fingerprint, and failed rules."""
        found, outages = [], outages_of_run(self.manifest)
        for name, verdict in sorted((self.manifest.get("sources") or {}).items()):
            source = self._source(name)
            failed = [
                {key: check.get(key) for key in _OF_CHECK} for check in source.get("checks", []) if not check.get("passed", True)
            ]
            newest = (source.get("batches") or [{}])[-1]
            found.append(
                {
                    "source": name,
                    "contract": source.get("contract", ""),
                    "verdict": source.get("verdict", verdict),
                    "why": source.get("why", ""),
                    "newest_delivery": source.get("newest_delivery"),
                    "came": newest.get("delivered_on"),
                    "chain": newest.get("chain"),
                    "unusable": len(newest.get("unusable") or []),
                    "late": source.get("late") or [],
                    "known_rows": source.get("known_rows", 0),
                    "checks": len(source.get("checks", [])),
                    "failed": failed,
                    "outage": outages.get(name),
                }
            )
        return found

    def chains_until(self, day: date) -> dict[str, str]:
        """The fingerprint of each source's newest delivery up to a day; sources without a delivery are left out."""
        found = {}
        for name in self.manifest.get("sources") or {}:
            came = [batch for batch in self._source(name).get("batches", []) if batch["delivered_on"] <= day.isoformat()]
            if came:
                found[name] = str(came[-1]["chain"])
        return found

    def _source(self, name: str) -> dict[str, Any]:
        return read_source_manifest(self.home, name, self.as_of) or {}

    def model_card(self) -> str:
        """The model's card: JSON, or the Markdown of an older model; empty when there is none."""
        paths = [path for path in (self._model / "card.json", self._model / "card.md") if path.is_file()]
        return paths[0].read_text(encoding="utf-8") if paths else ""

    @property
    def _model(self) -> Path:
        return self.home / MODELS / str(self.manifest.get("model_id"))


def finished_run(home: Path, as_of: date) -> FinishedRun:
    """The run of a day.

    Raises:
        InputMissing: when the day was not finished.
        ConfigError: when the profile of the run is gone or cannot be read.
        Damaged: when the manifest is not valid JSON.
    """
    path = run_manifest_path(home, as_of)
    manifest = read_json(path)
    if manifest is None:
        days = ", ".join(map(str, days_in(path.parent)[-10:]))
        raise InputMissing(
            what=f"there is no list for {as_of}",
            where=str(home),
            next_step=f"make it with `steelyard run --as-of {as_of}`, or name a day that has one: {days or 'none yet'}",
        )
    return FinishedRun(home, as_of, dict(manifest), _profile(manifest))


def _profile(manifest: dict[str, Any]) -> dict[str, Any]:
    folder = Path(manifest.get("profile_folder") or CONFIG_ROOT / str(manifest["profile"]))
    path = folder / "profile.toml"
    if not path.is_file():
        raise ConfigError(
            what="the profile that the day was run with is gone",
            where=str(path),
            next_step="restore it, or run the day again with an existing profile",
        )
    # Readers store it as JSON, which has no dates: the calendar's dates become text.
    profile: dict[str, Any] = json.loads(json.dumps(read_toml(path, "profile"), default=str))
    return {**profile, "code_names": read_code_names(folder)}


def _check_impersonal(contract: Contract, columns: Sequence[str]) -> None:
    for name in columns:
        if contract.column(name).sensitivity is Sensitivity.PERSONAL:
            raise ValueError(f"{contract.full_name}.{name} is personal and is not read")


def _is_newest(versions: pd.DataFrame, key: str) -> pa.Array:
    """For each version, whether it is the newest of its key and is not absent."""
    # Most keys have one version: only the others are sorted.
    is_newest = ~versions.duplicated(key, keep=False).to_numpy()
    ordered = versions[~is_newest].sort_values([key, *VERSION_ORDER])
    is_newest[ordered.drop_duplicates(key, keep="last").index] = True
    return pa.array(is_newest & ~versions[IS_ABSENT].to_numpy(dtype=bool))


def _numbers(rows: pa.Table, names: Sequence[str]) -> dict[str, Any]:
    """The columns as numbers of one numbering, so that equal values have equal numbers across columns."""
    if not names:
        return {}
    together = pa.chunked_array([part for name in names for part in rows[name].chunks], rows[names[0]].type)
    encoded = together.cast(pa.large_string()).combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy().astype(int)
    codes[codes == pc.index(encoded.dictionary, "").as_py()] = -1
    return dict(zip(names, codes.reshape(len(names), len(rows)), strict=True))
