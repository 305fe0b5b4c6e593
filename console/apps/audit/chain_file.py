"""The chain as a file that anybody can check without the database. Personal fields can be withheld.

The file is lines of JSON. The first line names the format and the end of the chain. Each further line is an event with its number,
its hash and the hash before it, and one of

- ``shown``, each field with its salt and value, and ``hidden``, the digest of each withheld field: its hash can be computed;
- ``facts``, for an event from before hashes covered digests, with nothing withheld: its hash can be computed;
- ``stated``, for such an event with withheld fields: its hash is only stated, and holds as far as the next event covers it.

Events of the last two kinds come before all of the first, or any event could pass as one of them. Anybody can write a ``stated``
event, so the reader must say up to which number they are accepted. This file needs only Python.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.apps.audit.hashes import FIELDS, GENESIS, digest_of, digests_of, hash_of, legacy_hash, salt_of

FORM = "steelyard audit chain 1"
PERSONAL = ("actor_id", "actor", "entity_id", "detail", "uid")
"""Fields that can identify a person: the actor, the entity, and details such as a name that was searched for."""
PLACE = ("number", "previous_hash", "hash")
CONTENTS: tuple[frozenset[str], ...] = (frozenset({"shown", "hidden"}), frozenset({"facts"}), frozenset({"stated"}))
"""What a line holds besides its place."""
LONGEST = 1_000_000
"""The longest line that is read, in characters. No event is longer."""


def lines_of(events: Iterable[Mapping[str, Any]], head: tuple[int, str], *, is_whole: bool) -> Iterator[str]:
    """The lines of the file. If ``is_whole``, they have the personal fields.

    ``events`` are all up to the head, in order: ``number``, ``previous_hash``, ``hash`` and each of the fields.
    """
    withheld = () if is_whole else PERSONAL
    yield _line({"form": FORM, "events": head[0], "head": head[1], "kept_back": list(withheld)})
    for event in events:
        place = {name: event[name] for name in PLACE}
        yield _line({**place, **_content(event, withheld)})


def _content(event: Mapping[str, Any], withheld: tuple[str, ...]) -> dict[str, Any]:
    if legacy_hash(event["number"], event["previous_hash"], event) == event["hash"]:
        facts = {name: event[name] for name in FIELDS if name not in withheld}
        return {"stated": facts} if withheld else {"facts": facts}
    digests = digests_of(event)
    return {
        "shown": {name: [salt_of(event["uid"], name), event[name]] for name in FIELDS if name not in withheld},
        "hidden": {name: digests[name] for name in withheld},
    }


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True) + "\n"


@dataclass
class Checked:
    """The result of checking a file.

    Attributes:
        events: the number of events.
        stated: the number of the last event whose hash could not be computed and was taken as stated; 0 without any.
        head: number and hash of the last event.
        breaks: each break as the event's number and the reason.
    """

    events: int = 0
    stated: int = 0
    head: tuple[int, str] = (0, GENESIS)
    breaks: list[tuple[int, str]] = field(default_factory=list)


def check(lines: Iterable[str], known: Mapping[int, str] | None = None, stated_until: int = 0) -> Checked:
    """Compute the file's hashes, and check that each event follows the one before.

    Args:
        lines: the lines of the file.
        known: hashes by number that were noted elsewhere earlier.
        stated_until: the number of the last event that may state its hash. Nothing in the file proves what such an event says.

    Raises:
        ValueError: if the file is not a chain file.
    """
    rest, result, noted = iter(lines), Checked(), dict(known or {})
    first = _read(next(rest, ""))
    if first.get("form") != FORM:
        raise ValueError(f"its first line does not say that it is a {FORM!r}")
    has_digests = False
    for line in rest:
        number = result.events + 1
        event = _read(line)
        has_digests |= "shown" in event
        why = _problem(event, number, result.head[1], has_digests=has_digests, may_state=number <= stated_until)
        if why:
            result.breaks.append((number, why))
        digest = str(event.get("hash", ""))
        if noted.pop(number, digest) != digest:
            result.breaks.append((number, "its hash differs from the one noted earlier"))
        result.events, result.stated, result.head = number, number if "stated" in event else result.stated, (number, digest)
    if result.head != (first.get("events"), first.get("head")):
        result.breaks.append((result.events, "the file does not end with the event that its first line names"))
    result.breaks += [(number, "it was noted earlier and is not in the file") for number in sorted(noted)]
    return result


def _read(line: str) -> dict[str, Any]:
    try:
        content = json.loads(line, object_pairs_hook=_once) if len(line) <= LONGEST else None
    except (ValueError, RecursionError):
        content = None
    return content if isinstance(content, dict) else {}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names differ: of a repeated one, readers of the file could see another value than its hash covers."""
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a name is repeated")
    return content


def _problem(event: dict[str, Any], number: int, before: str, *, has_digests: bool, may_state: bool) -> str:
    """What is wrong with an event; empty if nothing is. ``has_digests`` once an event's hash covers digests."""
    if event.get("number") != number or type(event["number"]) is not int:
        return "the line is not this event's"
    if event.keys() - PLACE not in CONTENTS:
        return "it has something else than an event's parts"
    if event.get("previous_hash") != before:
        return "it does not follow the event before it"
    if has_digests and ("stated" in event or "facts" in event):
        return "it claims to be from before hashes covered digests, but follows an event whose hash does"
    if isinstance(event.get("stated"), dict) and isinstance(event.get("hash"), str):
        return "" if may_state else "its hash is only stated, and nothing proves it"
    return "" if _computed_hash(event, number, before) == event.get("hash") else "its content does not match its hash"


def _computed_hash(event: dict[str, Any], number: int, before: str) -> str:
    """The hash of a line's content; empty if the line lacks a field."""
    facts, shown, hidden = event.get("facts"), event.get("shown"), event.get("hidden")
    if isinstance(facts, dict):
        return legacy_hash(number, before, facts) if facts.keys() == {*FIELDS} else ""
    if not isinstance(shown, dict) or not isinstance(hidden, dict):
        return ""
    is_complete = shown.keys() | hidden.keys() == {*FIELDS} and not shown.keys() & hidden.keys()
    if not is_complete or not all(isinstance(pair, list) and len(pair) == 2 for pair in shown.values()):
        return ""
    return hash_of(number, before, {**hidden, **{name: digest_of(pair[0], name, pair[1]) for name, pair in shown.items()}})
