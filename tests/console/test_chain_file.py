"""The audit's chain as a file: anybody can check it without the database, and it contains no personal data."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from console.apps.audit.chain import GENESIS, find_breaks, read_head
from console.apps.audit.chain_export import chain_lines
from console.apps.audit.chain_file import PERSONAL, Checked, check
from console.apps.audit.events import SYSTEM, EventFacts, event_facts
from console.apps.audit.hashes import FIELDS, digest_of, legacy_hash
from console.apps.audit.models import AuditEvent, Kind
from console.commands import audit
from tests.console.conftest import Site
from tests.console.test_audit import NO_TRIGGERS, run_sql
from tests.day.command import steelyard

Lines = list[str]


@pytest.fixture
def lines(site: Site) -> Lines:
    """The file of a chain with a search for a name and a view of a business."""
    subject = site.ranked(is_listed=True, region_middle="330100")
    site.client("wang").get("/list/", {"q": subject.name[:4]})
    site.client("wang").get(f"/entity/{subject.entity_id}/")
    return list(chain_lines(SYSTEM, is_whole=False))


def legacy_events(site: Site) -> None:
    """Begin the chain with three events from before hashes covered digests."""
    run_sql(*NO_TRIGGERS, "DELETE FROM audit_auditevent")
    previous = GENESIS
    for number in (1, 2, 3):
        facts = vars(event_facts(Kind.VIEWED, site.user("wang"), entity_id=f"E{number}"))
        digest = legacy_hash(number, previous, facts)
        AuditEvent.objects.create(number=number, previous_hash=previous, hash=digest, **facts)
        previous = digest


def test_the_hash_covers_every_field_of_an_event() -> None:
    assert {*FIELDS} == {field.name for field in fields(EventFacts)}
    assert {*PERSONAL} < {*FIELDS}


def test_a_file_is_checked_without_the_database_and_ends_where_the_chain_does(lines: Lines) -> None:
    head = read_head()

    assert check(lines) == Checked(head.number, 0, (head.number, head.hash), [])
    assert check(lines, {head.number: head.hash, 1: json.loads(lines[1])["hash"]}).breaks == []
    assert AuditEvent.objects.get(number=head.number).kind == Kind.EXPORTED


def test_a_file_names_nobody_and_its_digests_cannot_be_guessed(lines: Lines) -> None:
    text = "".join(lines)
    personal = {"wang", *(f"{value}" for row in AuditEvent.objects.values("entity_id", "detail", "uid") for value in row.values())}

    assert [value for value in personal if len(value) > 3 and value in text] == []
    viewed = next(json.loads(line) for line in lines[1:] if '"viewed"' in line)
    assert set(viewed["hidden"]) == set(PERSONAL)
    # Knowing every name does not help without the salt, and no shown salt is the salt of a withheld field.
    salts = {salt for salt, _ in viewed["shown"].values()}
    tried = {digest_of(salt, "actor", user) for salt in salts for user in ("wang", "li", "zhou")}
    assert viewed["hidden"]["actor"] not in tried


def change(at: int, **to: Any) -> Callable[[Lines], Lines]:
    """A line with some fields changed."""

    def changed(lines: Lines) -> Lines:
        event = json.loads(lines[at])
        for path, value in to.items():
            where, _, name = path.partition("__")
            if name:
                event[where][name] = value
            else:
                event[where] = value
        return [*lines[:at], json.dumps(event) + "\n", *lines[at + 1 :]]

    return changed


def stated(lines: Lines) -> Lines:
    """Events with other facts that only state the hashes of the true ones."""
    events = [json.loads(line) for line in lines]
    place = ("number", "previous_hash", "hash")
    forged = {"kind": "viewed", "role": "admin", "at": "2026-07-01", "region_code": "", "run_id": "", "batch": ""}
    return [json.dumps({name: event[name] for name in place} | {"stated": forged}) + "\n" for event in events]


TAMPERINGS: dict[str, Callable[[Lines], Lines]] = {
    "another value": change(2, shown__role=["0" * 64, "admin"]),
    "another digest": change(2, hidden__actor="0" * 64),
    "another hash": change(2, hash="0" * 64),
    "a field less": lambda lines: change(2, hidden=dict.fromkeys(PERSONAL[1:], "0" * 64))(lines),
    "a field twice": change(2, hidden__kind="0" * 64),
    "stated without a hash": change(2, stated={}, hash=None),
    "stated with a hash of its own": lambda lines: [lines[0], *stated(lines[1:])],
    "a line less": lambda lines: [*lines[:2], *lines[3:]],
    "two lines changed about": lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
    "a line twice": lambda lines: [*lines[:3], *lines[2:]],
    "the end cut off": lambda lines: lines[:-1],
    "a line of nothing": lambda lines: [*lines[:2], "[" * 100_000 + "\n", *lines[3:]],
    "something besides its parts": change(2, actor="zhang"),
    "a number that is none": change(1, number=True),
    "a name twice": lambda lines: [*lines[:2], lines[2].replace('"shown": {', '"shown": {"kind": ["", "viewed"], '), *lines[3:]],
    "no number": lambda lines: [*lines[:2], "3\n", *lines[3:]],
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_changed_file_is_detected(lines: Lines, name: str) -> None:
    assert len(lines) > 4

    assert check(TAMPERINGS[name](lines)).breaks


def test_a_hash_noted_elsewhere_reveals_a_rewritten_chain(lines: Lines) -> None:
    assert [number for number, _ in check(lines, {2: "0" * 64, 999: GENESIS}).breaks] == [2, 999]


def test_another_kind_of_file_is_refused() -> None:
    for first in ("", "number,at\n", '{"form": "another"}\n'):
        with pytest.raises(ValueError, match="first line"):
            check([first])


def test_events_from_before_digests_verify_and_are_stated_if_fields_are_withheld(site: Site) -> None:
    legacy_events(site)
    lines = list(chain_lines(SYSTEM, is_whole=False))
    kept_back, whole = check(lines, stated_until=3), check(chain_lines(SYSTEM, is_whole=True))

    assert list(find_breaks()) == []
    assert (kept_back.stated, kept_back.breaks) == (3, [])
    assert [number for number, _ in check(lines, stated_until=2).breaks] == [3]
    assert (whole.stated, whole.breaks) == (0, [])
    again = list(chain_lines(SYSTEM, is_whole=True))
    assert [number for number, _ in check(change(2, facts__actor="li")(again)).breaks] == [2]


def test_a_later_event_cannot_pass_as_one_from_before_digests(lines: Lines) -> None:
    event = json.loads(lines[3])
    stated = {name: event[name] for name in ("number", "previous_hash", "hash")} | {"stated": {"kind": "viewed", "role": "admin"}}
    forged = [*lines[:3], json.dumps(stated) + "\n", *lines[4:]]

    assert [number for number, _ in check(forged, stated_until=9).breaks] == [3]


def test_a_forged_file_passes_only_up_to_the_number_that_the_caller_gives_and_the_command_prints_it(
    lines: Lines, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, head = tmp_path / "chain.jsonl", read_head()
    path.write_text("".join(TAMPERINGS["stated with a hash of its own"](lines)))
    words = ["audit", "verify", "--file", path, "--known", f"{head.number}:{head.hash}"]

    refused = steelyard(capfd, *words)
    accepted = steelyard(capfd, *words, "--stated-until", head.number)

    assert (refused.code, accepted.code) == (9, 0)
    assert "event 1: its hash is only stated, and nothing proves it" in refused.err
    assert f"nothing proves what events 1 to {head.number} say" in accepted.out


def test_a_whole_file_shows_every_field(site: Site) -> None:
    site.client("wang").get("/list/", {"q": "杭州"})
    lines = list(chain_lines(SYSTEM, is_whole=True))

    searched = next(json.loads(line) for line in lines[1:] if "searched" in line)
    assert {name: value for name, (_, value) in searched["shown"].items()} == AuditEvent.objects.filter(kind=Kind.SEARCHED).values(
        *FIELDS
    ).get()
    assert check(lines).breaks == []


def test_the_commands_write_a_file_and_check_it_without_a_home(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "open_existing_site", lambda *_: None)
    monkeypatch.delenv("STEELYARD_HOME", raising=False)
    path, run = tmp_path / "chain.jsonl", partial(steelyard, capfd, "audit")

    wrote = run("export", "--home", site.home, "--file", path)
    again = run("export", "--home", site.home, "--file", path)
    head = read_head()
    whole = run("verify", "--file", path, "--known", f"{head.number}:{head.hash}")
    path.write_text("".join(TAMPERINGS["another digest"](path.read_text().splitlines(keepends=True))))
    broken = run("verify", "--file", path)

    assert (wrote.code, again.code, whole.code, broken.code) == (0, 2, 0, 9)
    assert f"{head.number}:{head.hash}" in whole.out
    assert "event 2: its content does not match its hash" in broken.err
    assert run("verify", "--file", tmp_path / "none").code == 4
    assert run("verify").code == 2


def test_an_auditor_downloads_the_file_which_records_the_download(site: Site) -> None:
    response = site.client("zhou").get("/audit/chain.jsonl")
    lines = b"".join(response.streaming_content).decode().splitlines()

    assert check(lines).breaks == []
    assert json.loads(lines[-1])["shown"]["kind"][1] == Kind.EXPORTED
    assert AuditEvent.objects.filter(kind=Kind.EXPORTED, actor="zhou", detail__contains="chain").count() == 1


def test_the_code_in_the_documentation_checks_a_file_without_this_project(lines: Lines, tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "verify-the-audit.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?audit-chain\.jsonl.*?)```", page, flags=re.DOTALL)
    path = tmp_path / "audit-chain.jsonl"

    def run(what: Lines) -> subprocess.CompletedProcess[str]:
        path.write_text("".join(what), encoding="utf-8")
        return subprocess.run([sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)

    whole = run(lines)
    assert (whole.returncode, whole.stdout.strip()) == (0, f"{read_head().number}:{read_head().hash}"), whole.stderr
    assert all(
        run(TAMPERINGS[name](lines)).returncode
        for name in ("another value", "another digest", "a line less", "stated with a hash of its own")
    )
