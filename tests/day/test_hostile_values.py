"""Values that a careless or hostile source may send: each is used or quarantined, and the day is made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from expectations.contracts.indicators import features_contract
from tests.day.command import steelyard
from tests.day.damage import today
from tests.day.test_properties import append
from tests.day.town import PROFILE, TODAY, Town

NAMES = (
    'S90,"<script>alert(1)</script>",open,grocer,north,x,1,1,0001-01-01,,Q90,0001-01-01,new',
    'S91,"Robert\'); DROP TABLE shops;--",open,grocer,north,x,92233720368547758.07,1,9999-12-31,,Q91,9999-12-31,new',
    '"../../S92\'",x,open,../..,"no/../rth\'",x,1,1,2020-01-01,,Q92,2020-01-01,new',
    f"S93,{'长' * 5000},open,grocer,north,x,1,1,2020-01-01,,Q93,2020-01-01,new",
    "S94,[bold]x[/nonsense],open,grocer,north,x,1,1,2020-01-01,,Q94,2020-01-01,new",
    "S95,=cmd|' /C calc'!A0,open,=1+1,=1+1,x,0,0,2020-01-01,,Q95,2020-01-01,new",
    "S96,x\u202e\x07,open,grocer,north,x,0,0,2020-01-01,,Q96,2020-01-01,new",
    "S97,x,open,grocer,north,x,1e999,NaN,2020-02-30,,Q97,2020-01-01,new",
)
AMOUNTS = (
    "S01;2025-05;2026-06-29;999999999999999999.99;1;1;1;1;0;1;0;1",
    "S03;0001-01;2026-06-29;100;1;1;1;1;0;1;0;1",
    "S03;9999-12;2026-06-29;100;1;1;1;1;0;1;0;1",
    "S04;2025-05;0001-01-01;100;1;1;1;1;0;1;0;1",
    "S04;2025-06;9999-12-31;100;1;1;1;1;0;1;0;1",
    "S08;2025-05;2026-06-29;-100;-13;-1;-1;-1;0;1;0;1",
    "S08;2025-06;2026-06-29;NaN;Infinity;1e3;0x10;1;0;1.5;0;1",
)
COMPLAINTS = tuple(
    json.dumps({"shop": "S03", "about": "food", "grade": "4", "outcome": "open", "updated": "2026-06-30 10:00"} | record)
    for record in (
        {"no": "C90", "on": "0001-01-01"},
        {"no": "C91", "on": "2026-06-29", "claimed": "92233720368547758.07"},
        {"no": "C92", "on": "2026-06-29", "updated": "0001-01-01 10:00"},
        {"no": "C93", "on": "2026-06-29", "shop": None, "name": "", "address": " "},
        {"no": "C94", "on": "2026-06-29", "name": "x" * 20_000, "due": "0001-01-01", "settled": "9999-12-31"},
        {"no": ["a", {"b": 1}], "on": {"x": 1}, "about": True, "grade": 4.5, "outcome": None, "updated": 3},
    )
)
VISITS = (
    "V92,S03,drawn,2026-06-24,9999-12-31,2026-06-30 10:10,made,20,0,0,no",
    "V93,S03,drawn,9999-12-31,2026-06-24,9999-12-31 10:10,made,20,0,0,no",
    "V94,S03,drawn,2026-06-24,2026-06-24,2026-06-30 10:10,made,2147483647,2147483647,4,yes",
    "V95,S03,drawn,2026-06-24,2026-06-24,2026-06-30 10:10,made,0,0,0,yes",
    "V96,NOBODY,drawn,2026-06-24,2026-06-24,2026-06-30 10:10,made,20,0,0,no",
    "V97,S03,drawn,2026-06-24,2026-02-30,2026-06-30 10:10,made,20,0,9,maybe",
)
YEAR_ONE = (
    "V90,S03,drawn,2026-06-24,0001-01-01,2026-06-30 10:10,made,20,0,0,no",
    "V91,S03,drawn,2026-06-24,2026-06-24,0001-01-01 10:10,made,20,0,0,no",
)
LIMITS = {
    "shops": "registration_quarantined",
    "returns": "tax_filing_quarantined",
    "complaints": "complaint_quarantined",
    "visits": "inspection_quarantined",
}


@pytest.fixture
def tolerant(yesterday: Town, tmp_path: Path) -> Town:
    """The town, yesterday run, with no limit on how many records of a day may be bad: so the bad ones are looked at."""
    folder = tmp_path / "tolerant"
    shutil.copytree(PROFILE, folder)
    for source, rule in LIMITS.items():
        with (folder / "sources" / f"{source}.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n[limits]\n{rule} = 1.0\n")
    copied = yesterday.copy(tmp_path)
    return Town(copied.home, copied.sources, copied.session, folder)


def run(town: Town, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    done = steelyard(
        capfd, "run", "--profile", town.profile_folder, "--sources", town.sources, "--home", town.home, "--as-of", TODAY
    )
    return done.code, done.err


def is_finite(town: Town) -> bool:
    """Whether every feature is a number that is no infinity, or unknown."""
    features = town.rows(features_contract()).select_dtypes("number")
    return bool((features.isna() | (features.abs() < float("inf"))).all(axis=None))


@pytest.mark.slow
def test_hostile_values_in_every_source_do_not_stop_the_day(tolerant: Town, capfd: pytest.CaptureFixture[str]) -> None:
    for source, lines in (("shops", NAMES), ("returns", AMOUNTS), ("complaints", COMPLAINTS), ("visits", VISITS)):
        append(*today(tolerant.sources, source), *lines)
    code, err = run(tolerant, capfd)
    assert (code, "Traceback" in err, "may not be used" in err) == (0, False, False), err
    assert is_finite(tolerant)
    places = {source: {line: rule for _, line, rule in tolerant.quarantined(source)} for source in LIMITS}
    assert places["shops"][15].endswith("_unreadable")
    assert places["returns"].items() >= {8: "declared_revenue_minor_unreadable", 13: "declared_revenue_minor_not_negative"}.items()
    assert places["complaints"] == {
        7: "received_on_plausible",
        8: "amount_claimed_minor_exact",
        9: "known_at_plausible",
        11: "due_on_plausible",
        12: "received_on_unreadable",
    }
    assert (places["visits"][8].endswith("_plausible"), places["visits"][12]) == (True, "inspected_on_unreadable")
    page = (tolerant.home / "reports" / f"risk_list_{TODAY}.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page


@pytest.mark.slow
def test_a_visit_in_year_one_and_an_absurd_amount_neither_stop_nor_change_the_day(
    tolerant: Town, capfd: pytest.CaptureFixture[str]
) -> None:
    append(*today(tolerant.sources, "visits"), *YEAR_ONE)
    append(*today(tolerant.sources, "returns"), "S02;2025-08;2026-06-29;92233720368547758.07;1;1;1;1;0;1;0;1")
    shutil.rmtree(tolerant.home / "models")  # so that this day trains, which reads the visits
    code, err = run(tolerant, capfd)
    assert (code, "internal error" in err) == (0, False), err
    assert {line for _, line, _ in tolerant.quarantined("visits")} == {7, 8}
    # A sum of 64-bit amounts would wrap around below zero.
    assert (tolerant.rows(features_contract())["sales_12m"].dropna() >= 0).all()
