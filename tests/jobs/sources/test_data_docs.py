"""Validation results in the home's file context, and Data Docs by day: offline, without personal data, bounded."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from expectations import gate
from jobs.lake.data_docs import SITE, day_page, trim_data_docs
from jobs.lake.maintenance.maintain import maintain
from jobs.profile.profile import Retention
from jobs.take_in_source import take_in_sources
from tests.jobs.sources.conftest import Shop
from tests.jobs.sources.test_settle_source import line, settle

HOST = re.compile(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", re.IGNORECASE)


@pytest.fixture
def checked(shop: Shop) -> Shop:
    """A source with two days: on the second, one of ten rows has no name."""
    shop.deliver("2026-01-01", *[line(key) for key in range(9)])
    settle(shop, "2026-01-01")
    shop.deliver("2026-01-02", *[line(key, "Wang's Secret Noodles") for key in range(20, 29)], "secret-number,-,open,2020-01-01")
    settle(shop, "2026-01-02")
    return shop


def pages(home: Path) -> dict[str, str]:
    """The text of every page of the site."""
    site = home / "gx" / SITE
    return {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}


def files(home: Path) -> dict[str, bytes]:
    """Every file of the context."""
    return {path.as_posix(): path.read_bytes() for path in (home / "gx").rglob("*") if path.is_file()}


def test_the_results_are_in_a_file_context_that_great_expectations_opens(checked: Shop) -> None:
    import great_expectations as gx

    context = gx.get_context(mode="file", context_root_dir=checked.lake.home / "gx")
    context.enable_analytics(False)
    store = context.validation_results_store
    found = {(key.expectation_suite_identifier.name, key.run_id.run_name, key.batch_identifier): key for key in store.list_keys()}
    assert {(suite, day) for suite, day, _ in found} == {
        (suite, day) for suite in ("shops_rows", "shops_days") for day in ("2026-01-01", "2026-01-02")
    }
    rows = store.get(found["shops_rows", "2026-01-02", "2026-01-02_2026-01-02"])
    assert not rows.success
    failed = {answer.expectation_config.meta["rule_id"] for answer in rows.results if not answer.success}
    assert failed == {"name_present", "industry_given"}
    assert {expectation.meta["rule_id"] for expectation in context.suites.get("shops_rows").expectations} >= failed


def test_data_docs_are_by_day_and_every_link_leads_to_a_page(checked: Shop) -> None:
    found = pages(checked.lake.home)
    assert found["index.html"].index("2026-01-02") < found["index.html"].index("2026-01-01")
    site = checked.lake.home / "gx" / SITE
    for name, text in found.items():
        for target in re.findall(r'href="([^"#]+)"', text):
            assert ((site / name).parent / target).resolve().is_file(), f"{name} links to {target}"
    reached = set(re.findall(r'href="\.\./(validations/[^"]+)"', found["days/2026-01-01.html"] + found["days/2026-01-02.html"]))
    assert reached == {name for name in found if name.startswith("validations/")}
    (failing,) = [text for name, text in found.items() if "shops_rows/2026-01-02" in name]
    assert "name_present, critical: name is given" in failing


def test_data_docs_need_no_network_and_run_no_script(checked: Shop) -> None:
    for name, text in pages(checked.lake.home).items():
        assert not HOST.search(text), name
        assert "<script" not in text, name
        assert "default-src 'none'" in text, name


def test_results_and_data_docs_hold_no_value_of_a_row(checked: Shop) -> None:
    for content in files(checked.lake.home).values():
        assert b"Noodles" not in content
        assert b"secret-number" not in content


def test_the_same_checks_give_the_same_bytes(checked: Shop) -> None:
    before = files(checked.lake.home)
    limits = "\n[limits]\nregistration_volume = 0.3\n"
    checked.change_mapping(lambda text: text + limits)
    settle(checked, "2026-01-02")
    assert len(files(checked.lake.home)) > len(before), "all days are checked again, together"
    checked.change_mapping(lambda text: text.replace(limits, ""))
    settle(checked, "2026-01-01")
    results = {name: content for name, content in before.items() if "/2026-01-01_2026-01-01." in name}
    assert len(results) == 4
    assert results.items() <= files(checked.lake.home).items()


def test_old_days_are_deleted_with_their_results(checked: Shop) -> None:
    home = checked.lake.home
    maintain(checked.lake, Retention(feature_days=1, time_travel_days=1), date(2026, 1, 2))
    left = [path.relative_to(home).as_posix() for path in (home / "gx").rglob("*2026-01-*")]
    assert not [name for name in left if re.search("/2026-01-01(/|.html|$)", name)]
    assert "2026-01-01" not in pages(home)["index.html"]
    assert day_page(home, date(2026, 1, 1)) is None
    assert day_page(home, date(2026, 3, 1)) == home / "gx" / SITE / "days" / "2026-01-02.html"
    assert trim_data_docs(home, date(2026, 1, 2)) == ()


def test_all_sources_of_a_day_are_checked_in_one_process(shop: Shop) -> None:
    mapping = shop.profile.folder / "sources" / "shops.toml"
    (mapping.parent / "stalls.toml").write_text(mapping.read_text(encoding="utf-8").replace("shops/", "stalls/"), encoding="utf-8")
    shop.deliver("2026-01-01", line(1))
    (shop.sources / "shops").rename(shop.sources / "stalls")
    shop.deliver("2026-01-01", line(2))
    gate._import_without_collection.cache_clear()
    taken_in = take_in_sources(shop.lake, shop.profile, shop.sources, date(2026, 1, 1))
    assert [(source.source, source.verdict) for source in taken_in] == [("shops", "passed"), ("stalls", "passed")]
    assert gate._import_without_collection.cache_info().misses == 1
    assert all(f"{name}_days" in pages(shop.lake.home)["days/2026-01-01.html"] for name in ("shops", "stalls"))
