"""The printed list: the first rows of every region, up to the requested number."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from jobs.profile.profile import Profile
from jobs.report.daily_report import Context, gather
from jobs.report.terminal import choose_rows, show_list
from tests.report.example_day import AS_OF


@pytest.fixture(scope="module")
def context(home: Path, profile: Profile) -> Context:
    return gather(home, profile, AS_OF)


def printed(context: Context, **options: object) -> str:
    target = io.StringIO()
    show_list(context, Console(file=target, width=200), **options)  # type: ignore[arg-type]
    return target.getvalue()


def test_each_listed_entity_is_printed_with_its_first_reason(context: Context) -> None:
    text = printed(context, top=20)
    for said in (
        "杭州示例食品有限公司",
        "91330106MA0000001A",
        "Late <b>filing</b>",
        "40 known businesses · 3 listed",
        "No reasons recorded.",
    ):
        assert said in text
    assert "+4 standard deviations" not in text
    assert "more are listed" not in text


@pytest.mark.parametrize(
    ("top", "shown"), [(0, {"330100": 0, "320100": 0}), (2, {"330100": 1, "320100": 1}), (3, {"330100": 2, "320100": 1})]
)
def test_rows_are_chosen_by_rank_in_the_region(context: Context, top: int, shown: dict[str, int]) -> None:
    assert choose_rows(context, top) == shown


def test_omitted_rows_are_counted(context: Context) -> None:
    assert "2 more are listed" in printed(context, top=1)


def test_a_stopped_source_is_printed(context: Context) -> None:
    assert "! tax: stopped. Data up to 2026-01-29 is in use." in printed(context)


def test_the_list_is_printed_in_chinese(context: Context) -> None:
    text = printed(context, language="zh-Hans")
    assert "浙江省杭州市" in text
    assert "评分不替代执法决定。" in text
