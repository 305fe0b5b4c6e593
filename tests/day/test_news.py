"""A day's news changes the tables that depend on it and no other; thirty incremental days equal one rebuild."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from expectations.contracts import scoring, silver, state
from expectations.contracts.contract import Contract
from expectations.contracts.indicators import features_contract
from jobs.engine.lake import Lake
from jobs.foundation.files import delete_file
from jobs.incremental.entity_state import REGISTER_STATE, TAX_STATE, compute_state, read_state
from jobs.lake.manifests import note_path
from jobs.profile.load_profile import load_profile
from jobs.profile.mapping import load_mappings
from jobs.sources.sources_of_day import in_order
from jobs.steps.build_features import ensure_features, rebuild_features
from jobs.steps.score_entities import score_day
from jobs.steps.target_list import target_day
from jobs.take_in_source import take_in
from jobs.training.train_model import train_day
from jobs.transforms.tax_sums import SUMS
from simulation.generate import generate_world
from tests.day.news import register
from tests.day.town import TODAY, Town, record_tables

TOMORROW = TODAY + timedelta(days=1)
MADE = (silver.LINK, features_contract(), scoring.PEERS, scoring.SCORES, scoring.REASONS, scoring.RISK_LIST)
LAST = date(2026, 6, 30)


def live_files(town: Town, table: Contract) -> set[str]:
    return set(DeltaTable(str(town.lake.path(table))).file_uris())


def test_a_correction_changes_the_tables_that_depend_on_it_and_no_other(golden: Town, tmp_path: Path) -> None:
    town = golden.copy(tmp_path)
    others = [table for table in record_tables(town.lake) if table.name not in ("tax_filing", "filing")]
    before = [live_files(town, table) for table in others]
    delivery = town.sources / "returns" / TOMORROW.isoformat() / "late.csv"
    delivery.parent.mkdir()
    delivery.write_text(
        "shop;month;filed;sales;out;in;owed;paid;arrears;invoices;void;staff\n"
        "S01;2026-05;2026-06-09;99000;12870;1829;11041;901;10140;52;1;4\n"
    )
    town.run(TOMORROW)
    assert [live_files(town, table) for table in others] == before
    summed = town.lake.arrow(state.TAX_SUMS, where=f"as_of = '{TOMORROW}'").to_pandas()
    assert "S01" in set(summed["entity_id"]), "the corrected return was added up"
    assert len(summed) < len(golden.rows(state.TAX_SUMS)), "other returns were not"
    was, is_now = (town.rows(features_contract(), day).set_index("entity_id") for day in (TODAY, TOMORROW))
    assert is_now.loc["S01", "sales_12m"] - was.loc["S01", "sales_12m"] == 7_800_000
    assert is_now["sales_12m"].drop("S01").equals(was["sales_12m"].drop("S01"))
    for table in (features_contract(), scoring.RISK_LIST):
        assert town.rows(table, TODAY).equals(golden.rows(table, TODAY)), "what was made before stays as it was"
    assert len(town.rows(scoring.RISK_LIST, TOMORROW))


@pytest.mark.parametrize(("past", "is_kept"), [(TODAY - timedelta(days=70), False), (TODAY + timedelta(days=2), True)])
def test_a_past_day_stores_state_only_where_an_earlier_day_has_state(
    golden: Town, tmp_path: Path, past: date, *, is_kept: bool
) -> None:
    apart, whole = (golden.copy(tmp_path / name) for name in ("apart", "whole"))

    for town, is_past in ((apart, True), (whole, False)):
        delete_file(note_path(town.home, "features", past))
        assert ensure_features(town.lake, town.profile, past, is_past=is_past)

    pd.testing.assert_frame_equal(*(town.rows(features_contract(), past) for town in (apart, whole)))
    assert len(apart.rows(features_contract(), past))
    for kept in ("state/tax_sums", "state/register"):
        assert [note_path(town.home, kept, past).exists() for town in (apart, whole)] == [is_kept, True]


@pytest.mark.slow
def test_thirty_incremental_days_equal_one_rebuild(tmp_path: Path, spark: SparkSession) -> None:
    """A generated month: late and corrected returns, complaints that are resolved, changes in the register."""
    generate_world(entities=1500, months=14, seed=9, out=tmp_path / "world", as_of=LAST)
    sources, profile = tmp_path / "world" / "sources", load_profile("cn")
    daily, once = Lake(tmp_path / "daily", spark), Lake(tmp_path / "once", spark)
    summed, computed = [], []
    for back in range(30, -1, -1):
        day = LAST - timedelta(days=back)
        for mapping in in_order(load_mappings(profile.folder)):
            take_in(daily, profile, mapping, sources, day)
        rebuild_features(daily, profile, day)
        summed.append(daily.arrow(state.TAX_SUMS, columns=["entity_id"], where=f"as_of = '{day}'").num_rows)
        computed.append(daily.arrow(state.REGISTER, columns=["entity_id"], where=f"as_of = '{day}'").num_rows)
    for mapping in in_order(load_mappings(profile.folder)):
        take_in(once, profile, mapping, sources, LAST)
    rebuild_features(once, profile, LAST, full_refresh=True)

    # All are added up on the first day, when the month's returns fall due, and when they are delivered.
    assert sorted(summed)[-4] < max(summed) / 2, "most days added up few entities"
    assert sorted(computed)[-3] < max(computed) / 2, "most days computed few entities"
    assert sums(read_state(TAX_STATE, daily, LAST)) == sums(compute_state(TAX_STATE, once, profile, LAST))
    assert register(read_state(REGISTER_STATE, daily, LAST)) == register(compute_state(REGISTER_STATE, once, profile, LAST))
    train_day(once, profile, LAST)
    shutil.copytree(once.home / "models", daily.home / "models")
    for lake in (daily, once):
        score_day(lake, profile, LAST)
        target_day(lake, profile, LAST)
    for table in MADE:
        assert len(rows(once, table)), f"{table.full_name} holds something"
        pd.testing.assert_frame_equal(rows(daily, table), rows(once, table), check_exact=True)
    for table in record_tables(once):
        lineage = ["source_file", "source_row", "is_revision"]
        one, other = (
            lake.arrow(table, columns=lineage).to_pandas().sort_values(lineage, ignore_index=True) for lake in (daily, once)
        )
        pd.testing.assert_frame_equal(one, other)


def sums(frame) -> list[tuple]:
    return sorted((row["entity_id"], *[row[name] for name in SUMS if name != "changes_on"]) for row in frame.collect())


def rows(lake: Lake, table: Contract) -> pd.DataFrame:
    return lake.arrow(table, where=f"as_of = '{LAST}'").to_pandas().sort_values([str(c) for c in table.key], ignore_index=True)
