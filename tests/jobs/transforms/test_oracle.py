"""Every indicator and peer statistic is equal from the engine and from plain Python, on random rows."""

from __future__ import annotations

import statistics
from collections import defaultdict

import pytest
from pyspark.sql import SparkSession

from expectations.contracts.indicators import catalogue
from tests.jobs.transforms import oracle
from tests.jobs.transforms.random_tables import draw_tables
from tests.jobs.transforms.tables import AS_OF, CUTOFF, POLICY, Row, compute_frames, frame, silver_of

SEEDS = [1, 2]


def expected_indicators(tables: dict[str, list[Row]]) -> dict[str, Row]:
    """The catalogue's columns and what peer groups are cut by, of every entity."""
    versions = oracle.known(tables["entity"], CUTOFF, AS_OF, "changed_on")
    entities = oracle.latest(versions, ("entity_id",))
    filings = oracle.standing(tables["filing"], ("entity_id", "tax_type", "period_start"), CUTOFF, AS_OF, "period_end")
    complaints = oracle.standing(tables["complaint"], ("complaint_id",), CUTOFF, AS_OF, "received_on")
    order = ("known_at", "as_of", "link_confidence", "entity_id", "link_method")
    links = {
        row["complaint_id"]: row["entity_id"]
        for row in oracle.latest(oracle.known(tables["link"], CUTOFF, AS_OF), ("complaint_id",), order)
    }
    visits = oracle.expect(oracle.standing(tables["inspection"], ("inspection_id",), CUTOFF, AS_OF, "inspected_on"))
    of = defaultdict(lambda: defaultdict(list))
    for name, rows in (("filing", filings), ("visit", visits), ("version", versions)):
        for row in rows:
            of[name][row["entity_id"]].append(row)
    for row in complaints:
        of["complaint"][row["entity_id"] or links.get(row["complaint_id"])].append(row)

    made: dict[str, Row] = {}
    for entity in entities:
        key, opened = entity["entity_id"], entity["established_on"]
        age = (AS_OF - opened).days if opened is not None and opened <= AS_OF else None
        taxed = oracle.tax(of["filing"][key], AS_OF) if of["filing"][key] else {}
        made[key] = {
            **entity,
            "age_days": age,
            "paid_in_share": oracle.over(entity["paid_in_capital_minor"], entity["registered_capital_minor"]),
            "registered_capital": entity["registered_capital_minor"],
            "capital_to_sales": oracle.over(entity["registered_capital_minor"], taxed.get("sales_12m")),
            "platform_flag": None if entity["is_platform"] is None else int(entity["is_platform"]),
            **oracle.changes(of["version"][key], AS_OF),
            **taxed,
            **oracle.complaints(of["complaint"][key], AS_OF, age),
            **oracle.visits(of["visit"][key], AS_OF),
        }
    for key, row in oracle.associations(entities, made, AS_OF).items():
        made[key].update(row)
    for key, rate in oracle.base_rates(entities, visits).items():
        made[key]["base_rate"] = rate
    add_shrunk(made)
    return made


def add_shrunk(made: dict[str, Row]) -> None:
    """Complaints per million of sales and the share of visits with a violation; no section here has enough units."""
    active = [row for row in made.values() if row["status"] == "active"]
    sales = {key: max(row["sales_12m"], 1_000_000) for key, row in made.items() if row.get("sales_12m") is not None}
    units = [(row["complaints_12m"], sales[row["entity_id"]]) for row in active if row["entity_id"] in sales]
    rate, weight = oracle.credibility(units, is_share=False)
    share, share_weight = oracle.credibility([(row["violations_36m"], row["visits_36m"]) for row in active], is_share=True)
    for key, row in made.items():
        shrunk = oracle.shrunk(row["complaints_12m"], sales[key], rate, weight) if key in sales else None
        row["complaint_rate"] = None if shrunk is None else shrunk * 100_000_000
        row["violation_share"] = oracle.shrunk(row["violations_36m"], row["visits_36m"], share, share_weight)


@pytest.fixture(scope="module", params=SEEDS)
def both(request: pytest.FixtureRequest, spark: SparkSession) -> tuple[dict[str, Row], dict[str, Row], list[Row]]:
    """The engine's features, the oracle's, and the engine's peers."""
    tables = draw_tables(request.param)
    features, peers = compute_frames(silver_of(spark, tables))
    return features, expected_indicators(tables), peers


def close(value: float | None) -> object:
    return None if value is None else pytest.approx(value, rel=1e-8, abs=1e-9)


def test_every_entity_known_has_one_row(both):
    features, expected, _ = both
    assert set(features) == set(expected)
    assert len(expected) > 50


def test_the_samples_cover_every_indicator():
    seen = defaultdict(set)
    for seed in SEEDS:
        for row in expected_indicators(draw_tables(seed)).values():
            for indicator in catalogue():
                seen[indicator.column].add(row.get(indicator.column))
    same = [column for column, values in seen.items() if len(values - {None}) < 2]
    assert same == []


@pytest.mark.parametrize("column", [indicator.column for indicator in catalogue()])
def test_an_indicator_equals_plain_python(both, column):
    features, expected, _ = both
    got = {key: row[column] for key, row in features.items()}
    assert got == {key: close(row.get(column)) for key, row in expected.items()}


def test_peer_groups_medians_and_z_equal_plain_python(both):
    features, expected, peers = both
    levels = [
        ("industry_group", "size_band", "age_band", "region_middle"),
        ("industry_division", "size_band", "age_band", "region_middle"),
        ("industry_division", "size_band", "age_band"),
        ("industry_section", "size_band"),
        (),
    ]
    band = lambda value, bounds: "-" if value is None else str(sum(value >= bound for bound in bounds))  # noqa: E731
    years = [365.25 * bound for bound in POLICY.age_bands_years]
    for row in expected.values():
        row["size_band"], row["age_band"] = band(row.get("sales_12m"), POLICY.size_bands_minor), band(row["age_days"], years)
    name = lambda row, level: None if any(row[p] is None for p in level) else ", ".join(f"{p}={row[p]}" for p in level) or "all"  # noqa: E731
    active = [row for row in expected.values() if row["status"] == "active"]
    members = lambda level, group: [row for row in active if name(row, level) == group]  # noqa: E731
    medians = {(row["peer_group"], row["indicator"]): row for row in peers}
    assert len({row["peer_level"] for row in features.values()}) > 1, "the sample backs off nowhere"
    for key, row in expected.items():
        sized = [(n, name(row, level), len(members(level, name(row, level)))) for n, level in enumerate(levels)]
        level, group, size = next((s for s in sized if s[1] is not None and s[2] >= POLICY.minimum), sized[-1])
        assert (features[key]["peer_level"], features[key]["peer_group"], features[key]["peer_size"]) == (level, group, size)
        for column in [indicator.column for indicator in catalogue() if indicator.peer]:
            described = {g: describe([r.get(column) for r in members(levels[n], g)]) for n, g in ((level, group), (4, "all"))}
            median, mad, high = described[group]
            scales = [(mad, 1.4826), (high, 1 / 1.6449), (described["all"][1], 1.4826), (described["all"][2], 1 / 1.6449)]
            scale = next((spread * factor for spread, factor in scales if spread), None)
            assert features[key][f"{column}_vs_peers"] == close(z(row.get(column), median, scale)), (key, column)
            if median is not None:
                assert medians[group, column]["peer_median"] == close(median)
                assert medians[group, column]["peer_mad"] == close(mad)


def describe(values: list[float | None]) -> tuple[float | None, float | None, float | None]:
    present = [value for value in values if value is not None]
    if len(present) < 5:
        return None, None, None
    median = statistics.median(present)
    deviations = sorted(abs(value - median) for value in present)
    return median, statistics.median(deviations), deviations[-(-len(deviations) * 9 // 10) - 1]


def z(value: float | None, median: float | None, scale: float | None) -> float | None:
    if value is None or median is None:
        return None
    if value == median:
        return 0.0
    if scale is None:
        return 20.0 if value > median else -20.0
    return max(-20.0, min(20.0, (value - median) / scale))


def test_later_rows_and_events_change_nothing(spark):
    tables = draw_tables(11)
    before, peers_before = compute_frames(silver_of(spark, tables))
    late = {name: [row for row in rows if row["known_at"] < CUTOFF] for name, rows in tables.items()}
    event = {"entity": "changed_on", "filing": "period_end", "complaint": "received_on", "inspection": "inspected_on"}
    for name, column in event.items():
        late[name] = [row for row in late[name] if row[column] is None or row[column] <= AS_OF]
    assert any(len(late[name]) < len(tables[name]) for name in tables)
    after, peers_after = compute_frames(silver_of(spark, late))
    assert after == before
    assert ordered(peers_after) == ordered(peers_before)


def test_order_duplicates_and_partitions_of_rows_change_nothing(spark):
    tables = draw_tables(12)
    plain, peers_plain = compute_frames(silver_of(spark, tables))
    shuffled = {name: frame(spark, name, [*reversed(rows), *rows[::3]]).repartition(5) for name, rows in tables.items()}
    again, peers_again = compute_frames(shuffled)
    assert again == plain
    assert ordered(peers_again) == ordered(peers_plain)


def ordered(peers: list[Row]) -> list[Row]:
    return sorted(peers, key=lambda row: (row["peer_group"], row["indicator"]))
