"""Identifiers that listed entities share, without any pseudonym; and the law behind each reason."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pandas as pd
import pytest
from deltalake import DeltaTable

from console.apps.ranking.models import SharedIdentifier
from console.apps.ranking.runs import alias_of
from console.core.policy import policy_of
from console.publishing.shared_identifiers import MOST, shared_identifiers
from expectations.contracts import silver
from expectations.contracts.indicators import catalogue
from jobs.lake.finished_run import finished_run
from jobs.profile.calendar import is_working_day
from jobs.texts.languages import LANGUAGES
from tests.conftest import FinishedDay
from tests.console.conftest import HANGZHOU, Site


def register(site: Site) -> pd.DataFrame:
    """Each entity's newest version, read from the table: the slow way to the same answer."""
    frame = DeltaTable(str(site.home / "lake/silver/entity")).to_pyarrow_table().to_pandas()
    frame = frame[frame["changed_on"].isna() | (frame["changed_on"] <= date(2026, 6, 30))]
    order = ["known_at", "delivered_on", "source", "source_file", "source_row"]
    return frame.sort_values(["entity_id", *order]).groupby("entity_id").tail(1).set_index("entity_id")


def expected(frame: pd.DataFrame, entity: str, kind: str) -> set[str]:
    columns = {"address": ["address_key"], "person": ["legal_rep_id", "owner_id"], "phone": ["phone_hash"], "agent": ["agent_id"]}
    own = {frame.loc[entity, name] for name in columns[kind]} - {None, ""}
    return {other for name in columns[kind] for other in frame.index[frame[name].isin(own)]} - {entity}


def test_each_listed_entity_has_the_shared_identifiers_of_the_register(site: Site) -> None:
    frame = register(site)
    found: dict[tuple[int, str], list[SharedIdentifier]] = {}
    for shared in SharedIdentifier.objects.using(alias_of(site.run.run_id)):
        found.setdefault((shared.position, shared.kind), []).append(shared)
    counted = Counter(kind for _, kind in found)

    for entity in site.all_ranked(is_listed=True):
        for kind in ("address", "person", "phone", "agent"):
            wanted, there = expected(frame, entity.entity_id, kind), found.get((entity.position, kind), [])
            assert {shared.other_id for shared in there} <= wanted
            assert len(there) == min(len(wanted), MOST)
            assert {shared.sharing for shared in there} <= {len(wanted)}
    assert counted["address"]
    assert counted["person"]


def test_a_pseudonym_leaves_the_lake_only_as_a_number(finished_day: FinishedDay) -> None:
    run = finished_run(finished_day.home, finished_day.as_of)
    numbers = run.newest(silver.ENTITY, (), "changed_on", numbered=("legal_rep_id", "owner_id", "phone_hash"))

    assert [kind.kind for kind in numbers.dtypes] == ["O", "i", "i", "i"]
    with pytest.raises(ValueError, match="is personal"):
        run.newest(silver.ENTITY, ("owner_id",), "changed_on")


def test_a_shared_identifier_names_the_first_by_rank_and_counts_all() -> None:
    names = [f"e{at}" for at in range(20)]
    keys = {"address_key": 1, "legal_rep_id": range(100, 120), "owner_id": -1, "phone_hash": None, "agent_id": -1}
    ranking = pd.DataFrame({"entity_id": names, "position": range(1, 21), "is_listed": [True] + [False] * 19, **keys})

    assert [*shared_identifiers(ranking).itertuples(index=False, name=None)] == [
        (1, "address", f"e{at}", 19) for at in range(1, MOST + 1)
    ]


def test_the_page_names_entities_of_the_users_regions_and_counts_the_others(site: Site) -> None:
    shown = 0
    for entity in site.all_ranked(is_listed=True, region_middle=HANGZHOU):
        for shared in site.client("wang").get(f"/entity/{entity.entity_id}/").context["shared_identifiers"]:
            assert {other.region_middle for other in shared["others"]} <= {HANGZHOU}
            assert shared["sharing"] == len(shared["others"]) + shared["more"]
            shown += len(shared["others"])

    assert shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_reason_is_shown_with_its_law(site: Site, language: str) -> None:
    client, subject = site.client("wang"), site.ranked(is_listed=True, region_middle=HANGZHOU)
    client.cookies["language"] = language
    page = client.get(f"/entity/{subject.entity_id}/")

    assert all(reason.legal_basis for reason in page.context["reasons"])
    assert page.context["reasons"][0].legal_basis in page.content.decode().replace("&amp;", "&")
    assert ("登记" in page.content.decode()) == (language == "zh-Hans")


def test_an_indicators_own_law_precedes_its_dimensions(site: Site) -> None:
    bases = {"tax": {"en": "tax law", "zh-Hans": "税法"}, "unfiled_returns": {"en": "filing law", "zh-Hans": "申报法"}}
    limits = policy_of({**site.run.profile, "legal_bases": bases})
    by_column = {indicator.column: indicator for indicator in catalogue()}

    assert limits.legal_basis(by_column["unfiled_returns"], "en") == "filing law"
    assert limits.legal_basis(by_column["vat_burden"], "zh-Hant") == "稅法"
    assert limits.legal_basis(by_column["age_days"], "en") == ""


def test_a_workday_on_a_weekend_counts(site: Site) -> None:
    limits = policy_of({**site.run.profile, "calendar": {"weekend": ["saturday", "sunday"], "workdays": ["2026-07-04"]}})

    assert is_working_day(date(2026, 7, 4), limits.calendar)
    assert not is_working_day(date(2026, 7, 5), limits.calendar)
