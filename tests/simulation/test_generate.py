"""A generated world is reproducible and complete, with counted faults and a separate truth."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from stdnum.cn import uscc

from expectations.standards.hierarchies import load
from jobs.foundation.errors import ConfigError
from simulation.generate import generate_world
from simulation.sources import registrations
from simulation.sources.faults import BAD_BYTES, BAD_DATE
from simulation.world.typologies import TYPOLOGIES

AS_OF = date(2026, 6, 30)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def lines(world: Path, source: str) -> list[bytes]:
    """All records of a text source, without headers."""
    found = []
    for path in sorted((world / "sources" / source).rglob("*.*")):
        records = path.read_bytes().split(b"\n")[:-1]
        found += records[1:] if path.suffix == ".csv" else records
    return found


def register(world: Path) -> list[dict[str, str]]:
    """The valid records of the register."""
    header = registrations.HEADER.split(",")
    text = [line.decode("gb18030") for line in lines(world, "registration") if BAD_BYTES not in line]
    rows = [row for row in csv.reader(io.StringIO("\n".join(text))) if len(row) == len(header)]
    return [dict(zip(header, row, strict=True)) for row in rows]


def fault_counts(world: Path) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = json.loads((world / "truth" / "dirt.json").read_text(encoding="utf-8"))
    return counts


def test_the_bytes_depend_only_on_the_seed(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        generate_world(entities=300, months=4, seed=seed, out=tmp_path / name, as_of=AS_OF)
    one, again, other = (digests(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again
    shared = set(one) & set(other) - {"truth/dirt.json"}
    assert shared
    assert all(one[name] != other[name] for name in shared)


def test_chunks_continue_the_world_without_repeating_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulation.generate.CHUNK", 150)
    generate_world(entities=400, months=4, seed=1, out=tmp_path / "w", as_of=AS_OF)
    codes = pq.read_table(tmp_path / "w" / "truth" / "entities.parquet")["entity_id"].to_pylist()
    assert len(set(codes)) == len(codes) == 400
    numbers = [
        json.loads(line)["投诉编号"] for line in lines(tmp_path / "w", "complaint") if line.endswith(b"}") and BAD_BYTES not in line
    ]
    assert max(Counter(numbers).values()) <= 4  # received, resolved, and each perhaps twice: no number is reused


def test_every_delivery_is_in_the_folder_of_its_day(world: Path) -> None:
    for source, pattern in (("registration", "*.csv"), ("complaint", "*.jsonl"), ("inspection", "*.csv"), ("tax", "*.parquet")):
        days = sorted(date.fromisoformat(folder.name) for folder in (world / "sources" / source).iterdir())
        assert days[-1] <= AS_OF
        assert all(list((world / "sources" / source / day.isoformat()).glob(pattern)) for day in days)


def test_codes_are_valid_except_planted_pilot_codes(world: Path) -> None:
    codes = set(pq.read_table(world / "truth" / "entities.parquet")["entity_id"].to_pylist())
    assert sum(not uscc.is_valid(code) for code in codes) == fault_counts(world)["registration"]["pilot_code"] > 0
    assert {row["统一社会信用代码"] for row in register(world)} == codes


def test_industries_and_regions_are_in_the_standards_except_planted_ones(world: Path) -> None:
    industries, regions = load("gbt4754"), load("gbt2260")
    rows = register(world)
    unknown_industry = {row["统一社会信用代码"] for row in rows if row["行业代码"] not in industries}
    unknown_region = {row["统一社会信用代码"] for row in rows if row["行政区划代码"] not in regions}
    assert len(unknown_industry) == fault_counts(world)["registration"]["unknown_industry"]
    assert len(unknown_region) == fault_counts(world)["registration"]["unknown_region"]
    assert len({industries.ancestors(row["行业代码"])[-1] for row in rows if row["行业代码"] in industries}) >= 10
    assert len({regions.ancestors(row["行政区划代码"])[-1] for row in rows if row["行政区划代码"] in regions}) == 3


def test_faults_of_text_match_their_counts(world: Path) -> None:
    counts = fault_counts(world)
    for source, encoding in (("registration", "gb18030"), ("complaint", "utf-8"), ("inspection", "utf-8")):
        undecodable = 0
        for line in lines(world, source):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                undecodable += 1
        assert undecodable == counts[source]["misencoded"], source
    repeated = Counter(lines(world, "registration"))
    assert sum(count - 1 for count in repeated.values()) == counts["registration"]["duplicate"] > 0
    broken = [line for line in lines(world, "complaint") if BAD_BYTES not in line and not line.endswith(b"}")]
    assert len(broken) == counts["complaint"]["broken_json"]
    assert sum(row["登记状态"] == "待核实" for row in register(world)) == counts["registration"]["unknown_status"]
    assert sum(row["成立日期"] == BAD_DATE for row in register(world)) == counts["registration"]["bad_date"]


def test_faults_of_returns_match_their_counts(world: Path) -> None:
    counts = fault_counts(world)["tax"]
    tables = [pq.read_table(path) for path in sorted((world / "sources" / "tax").rglob("*.parquet"))]
    rows = [row for table in tables for row in table.to_pylist()]
    assert sum((row["xse"] or 0) < 0 for row in rows) == counts["negative_amount"] > 0
    assert sum(row["sbrq"] == BAD_DATE for row in rows) == counts["bad_date"] > 0
    repeats = sum(len(table) - len({tuple(row.items()) for row in table.to_pylist()}) for table in tables)
    assert repeats == counts["duplicate"] > 0


def test_some_complaints_give_no_code_but_a_name_or_an_address(world: Path) -> None:
    sound = [json.loads(line) for line in lines(world, "complaint") if BAD_BYTES not in line and line.endswith(b"}")]
    nameless = [row for row in sound if row["被投诉主体代码"] is None]
    assert len({row["投诉编号"] for row in nameless}) == fault_counts(world)["complaint"]["without_code"] > 0
    assert all(row["被投诉主体名称"] or row["被投诉地址"] for row in nameless)


def test_every_typology_has_as_many_mimics(world: Path) -> None:
    truth = pq.read_table(world / "truth" / "entities.parquet").to_pandas()
    violators, mimics = truth["typology"].value_counts(), truth["mimic"].value_counts()
    assert set(violators.index) == {kind.name for kind in TYPOLOGIES}
    assert {kind.name: violators[kind.name] for kind in TYPOLOGIES} == {kind.name: mimics[kind.mimic] for kind in TYPOLOGIES}
    assert truth["is_violator"].mean() == pytest.approx(0.02, abs=0.003)
    assert not (truth["typology"].notna() & truth["mimic"].notna()).any()


def test_some_violators_are_found_and_none_before_it_began(world: Path) -> None:
    truth = pq.read_table(world / "truth" / "entities.parquet").to_pandas()
    found = truth[truth["found_on"].str.len() > 0]
    assert 0 < len(found) < truth["is_violator"].sum()
    assert found["is_violator"].all()
    assert (found["found_on"].str[0] >= found["began_on"].str[0]).all()


def test_no_source_file_contains_the_truth(world: Path) -> None:
    words = [kind.name for kind in TYPOLOGIES] + [kind.mimic for kind in TYPOLOGIES]
    for path in (world / "sources").rglob("*.*"):
        content = path.read_bytes()
        assert not any(word.encode() in content for word in words)
    assert {path.name for path in world.iterdir()} == {"sources", "truth"}


@pytest.mark.parametrize(("entities", "months"), [(0, 12), (10, 2), (10, 500)])
def test_numbers_out_of_range_are_errors(tmp_path: Path, entities: int, months: int) -> None:
    with pytest.raises(ConfigError, match="out of range"):
        generate_world(entities=entities, months=months, seed=1, out=tmp_path / "w", as_of=AS_OF)


def test_a_last_day_out_of_range_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="out of range"):
        generate_world(entities=10, months=3, seed=1, out=tmp_path / "w", as_of=date(2099, 1, 1))


def test_a_folder_in_use_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(ConfigError, match="in use"):
        generate_world(entities=10, months=3, seed=1, out=tmp_path, as_of=AS_OF)


@pytest.mark.parametrize("entities", [1, 7])
def test_a_world_can_be_tiny_and_end_within_a_month(tmp_path: Path, entities: int) -> None:
    generate_world(entities=entities, months=3, seed=1, out=tmp_path / "w", as_of=date(2026, 2, 3))
    assert len({row["统一社会信用代码"] for row in register(tmp_path / "w")}) == entities
    assert max(path.parent.name for path in (tmp_path / "w" / "sources").rglob("*.*")) <= "2026-02-03"


def test_an_entity_changes_the_same_thing_once_a_day(world: Path) -> None:
    names = ("统一社会信用代码", "变更日期", "变更事项", "登记状态", "成立日期")
    keys = Counter(tuple(row[name] for name in names) for row in register(world))
    assert sum(count - 1 for count in keys.values()) <= fault_counts(world)["registration"]["duplicate"]
