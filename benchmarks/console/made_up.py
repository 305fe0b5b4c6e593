"""Create a home with three synthetic finished days of any size, with the tables and columns that publishing reads.

Entities, names and codes come from the simulation. Scores, reasons and records are random, so no day has to be scored.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from benchmarks.console.records import first_records, new_records
from expectations.contracts import scoring
from expectations.contracts.contract import Contract, Type
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import ENTITY_ID
from expectations.standards.hierarchies import Hierarchy, load
from jobs.foundation.code_version import hash_of
from jobs.lake.table_version import VERSION
from jobs.lake.tables import arrow_schema
from simulation.sources.registrations import addresses, names
from simulation.world.clock import open_clock
from simulation.world.entities import Entities, industry_codes, make_entities, region_codes

FIRST = date(2026, 6, 30)
DAYS = tuple(FIRST + timedelta(days=days) for days in range(3))
SEED = 20260101
REASONS = 5
"""Reasons per listed entity, as on a real list."""
MISSING = 0.1
"""Share of missing values of an indicator."""
ENTITIES_PER_KEY = {"address_key": 4, "legal_rep_id": 2, "owner_id": 2, "phone_hash": 2, "agent_id": 40}
"""Mean number of entities with the same value of each shared identifier."""
_BOUNDS, _LETTERS = [0, 300, 500, 700], np.array(["D", "C", "B", "A"])
"""The least points of each class."""
_MOVES = 0.1
"""Share of entities whose margin changes on the next day."""
_CODE = ("benchmarks.console.made_up:made_up",)


@dataclass(frozen=True)
class MadeUp:
    """A home with finished days, and the order of the entities on each.

    Attributes:
        home: the home for ``steelyard publish``.
        orders: identifiers of entities by place, for each day.
        listed: number of entities listed each day.
    """

    home: Path
    orders: dict[date, np.ndarray]
    listed: int

    @property
    def entities(self) -> int:
        """Number of entities scored each day."""
        return len(self.orders[FIRST])


def made_up(folder: Path, entities: int, listed: int) -> MadeUp:
    """Return the home of this size in ``folder``; create it if it is missing. The same size gives the same rows."""
    home = folder / f"{entities}x{listed}-{hash_of(_CODE)}"
    if not (home / "made").exists():
        shutil.rmtree(home, ignore_errors=True)
        _make(home, entities, listed)
        (home / "made").touch()
    return MadeUp(home, {day: np.load(home / f"{day}.npy") for day in DAYS}, listed)


def _make(home: Path, count: int, listed: int) -> None:
    rng = np.random.default_rng(SEED)
    entities, _ = make_entities(rng, open_clock(FIRST, 12), 0, count, SEED)
    register = _register(entities)
    margins = rng.normal(-3, 1, len(register))
    tables: dict[str, int] = {}
    has_history = np.zeros(len(register), bool)
    for day in DAYS:
        if day != FIRST:
            margins = margins + rng.normal(0, 0.2, len(register)) * (rng.random(len(register)) < _MOVES)
        places = np.lexsort((register[ENTITY_ID].to_numpy(), -margins))
        np.save(home_file(home, f"{day}.npy"), register[ENTITY_ID].to_numpy()[places].astype(str))
        has_history[places[: 2 * listed]] = day == FIRST
        records = first_records(rng, register, has_history, day) if day == FIRST else new_records(rng, register, day)
        written = [
            *records,
            (scoring.SCORES, _scores(day, register, margins)),
            (scoring.RISK_LIST, _list(day, register, places[:listed])),
            (scoring.REASONS, _reasons(day, register, places[:listed], rng)),
            (features_contract(), _features(day, register, rng)),
            (scoring.PEERS, _medians(day, register, rng)),
        ]
        tables |= {contract.full_name: _write(home, contract, frame) for contract, frame in written}
        _finish(home, day, tables)


def _register(entities: Entities) -> pd.DataFrame:
    """The register entry of each entity, with parent codes and a peer group."""
    every = np.arange(len(entities))
    name, _ = names(entities, np.zeros(len(entities), np.int64), every)
    regions, industries = load("gbt2260"), load("gbt4754")
    region, industry = pd.Series(region_codes(entities)).astype(str), pd.Series(industry_codes(entities)).astype(str)
    middle, top = (region.map({code: (*_above(regions, code), "", "")[at] for code in region.unique()}) for at in (0, 1))
    section = industry.map({code: (_above(industries, code) or ("",))[-1] for code in industry.unique()})
    return pd.DataFrame(
        {
            **_shared(len(entities)),
            "entity_id": entities.code.astype(str),
            "name": name.to_pandas(),
            "address": addresses(entities, np.zeros(len(entities), np.int64), every).to_pandas(),
            "status": "active",
            "entity_type": "company",
            "established_on": (np.datetime64("1970-01-01") + entities.established).astype("datetime64[D]").astype(object),
            "industry_code": industry,
            "industry_section": section,
            "region_code": region,
            "region_middle": middle,
            "region_top": top,
            "peer_group": section + "|" + middle,
        }
    ).drop_duplicates("entity_id", ignore_index=True)


def _shared(count: int) -> dict[str, np.ndarray]:
    """Shared identifiers, from a separate random stream so that other columns do not depend on them."""
    rng = np.random.default_rng(SEED + 1)
    return {name: _words(f"{name}-", rng.integers(0, max(count // each, 1), count)) for name, each in ENTITIES_PER_KEY.items()}


def _words(begin: str, numbers: np.ndarray) -> np.ndarray:
    words: np.ndarray = (begin + pd.Series(numbers).astype(str)).to_numpy()
    return words


def _above(standard: Hierarchy, code: str) -> tuple[str, ...]:
    """The ancestors of a code, nearest first; none for an unknown code."""
    return standard.ancestors(code) if code in standard else ()


def _scores(day: date, register: pd.DataFrame, margins: np.ndarray) -> pd.DataFrame:
    probability = 1 / (1 + np.exp(-margins))
    points = np.round(1000 * (1 - probability) ** 4).astype(np.int64)
    letters = _LETTERS[np.searchsorted(_BOUNDS, points, side="right") - 1]
    scores = {"model_id": "made-up", "margin": margins, "probability": probability, "anomaly": np.abs(margins), "as_of": day}
    return pd.DataFrame({ENTITY_ID: register[ENTITY_ID], **scores, "credit_points": points, "risk_class": letters})


def _list(day: date, register: pd.DataFrame, chosen: np.ndarray) -> pd.DataFrame:
    listed = register.loc[chosen, [ENTITY_ID, "region_middle"]].rename(columns={"region_middle": "capacity_region"})
    region_rank = listed.groupby("capacity_region").cumcount() + 1
    changes = [
        {"indicator": "late_filing_share", "value": 0.4, "wanted": 0.05},
        {"indicator": "complaints_12m", "value": 4, "wanted": 0},
    ]
    better = {"better_class": "B", "better_changes": json.dumps({"is_best": False, "most": 3, "changes": changes})}
    return listed.assign(list_rank=np.arange(1, len(listed) + 1), region_rank=region_rank, as_of=day, **better)


def _features(day: date, register: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """All indicators and peer deviations of every entity; a tenth is missing, the others have about a hundred distinct values."""
    columns = [str(column) for column in features_contract().columns if column.type is Type.DOUBLE]
    steps = np.append(np.round(rng.gamma(2, 2, 1000), 1), np.full(round(1000 * MISSING / (1 - MISSING)), np.nan))
    drawn = {name: steps[rng.integers(0, len(steps), len(register))] for name in columns}
    sizes = register["peer_group"].map(register["peer_group"].value_counts())
    peers = {"as_of": day, "peer_level": 0, "peer_size": sizes}
    return pd.DataFrame({ENTITY_ID: register[ENTITY_ID], "peer_group": register["peer_group"], **peers, **drawn})


def _reasons(day: date, register: pd.DataFrame, chosen: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    columns = np.array([indicator.column for indicator in catalogue()])
    n = len(chosen)
    # Consecutive indicators of the catalogue from a random start, so that no entity has a reason twice.
    which = (rng.integers(0, len(columns), n)[:, None] + np.arange(REASONS)) % len(columns)
    indicator = columns[which.ravel()]
    value = np.round(rng.gamma(2, 2, n * REASONS), 2)
    return pd.DataFrame(
        {
            ENTITY_ID: np.repeat(register[ENTITY_ID].to_numpy()[chosen], REASONS),
            "reason_rank": np.tile(np.arange(1, REASONS + 1), n),
            "indicator": indicator,
            "contribution": np.tile(np.linspace(1.0, 0.2, REASONS), n),
            "value": value,
            "peer_median": 2.0,
            "peer_group": np.repeat(register["peer_group"].to_numpy()[chosen], REASONS),
            "peer_count": 48,
            "rests_on": "tax_filing",
            "newest_on": day,
            "as_of": day,
        }
    )


def _medians(day: date, register: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    counts = register["peer_group"].value_counts().sort_index()
    columns = [indicator.column for indicator in catalogue()]
    n = len(counts) * len(columns)
    return pd.DataFrame(
        {
            "peer_group": np.repeat(counts.index.to_numpy(), len(columns)),
            "indicator": np.tile(columns, len(counts)),
            "peer_count": np.repeat(counts.to_numpy(), len(columns)),
            "peer_median": np.round(rng.gamma(2, 1, n), 1),
            "as_of": day,
        }
    )


def _write(home: Path, contract: Contract, frame: pd.DataFrame) -> int:
    """Append rows to a table of the lake and return its version."""
    path = str(home / "lake" / contract.zone.value / contract.name)
    # Columns without synthetic values are null where the contract allows it.
    schema = pa.schema([field for field in arrow_schema(contract) if field.name in frame or field.nullable])
    columns = [
        pa.Array.from_pandas(frame[field.name], type=field.type) if field.name in frame else pa.nulls(len(frame), field.type)
        for field in schema
    ]
    rows = pa.table(columns, schema=schema)
    DeltaTable.create(
        path,
        schema,
        mode="ignore",
        partition_by=[str(name) for name in contract.partition_by],
        configuration={VERSION: str(contract.version)},
        raise_if_key_not_exists=False,
    )
    write_deltalake(path, rows, mode="append")
    return DeltaTable(path).version()


def _finish(home: Path, day: date, tables: dict[str, int]) -> None:
    """Write the day's manifests as a run does."""
    sources = ("complaint", "inspection", "registration", "tax")
    manifest = {
        "as_of": str(day), "run_id": f"{day}-{'0' * 12}", "profile": "cn", "model_id": "made-up", "tables": tables,
        "sources": dict.fromkeys(sources, "passed"), "model": {"kind": "made up"},
    }  # fmt: skip
    home_file(home, f"manifests/runs/{day}.json").write_text(json.dumps(manifest), encoding="utf-8")
    for source in sources:
        contract = {"tax": "tax_filing"}.get(source, source)
        closed = {"contract": contract, "verdict": "passed", "newest_delivery": str(day), "known_rows": 1, "checks": []}
        home_file(home, f"manifests/sources/{source}/{day}.json").write_text(json.dumps(closed), encoding="utf-8")


def home_file(home: Path, name: str) -> Path:
    """The path of a file in the home; its folder is created."""
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
