"""The chain as a file that anybody can check without the database, with what tells of a person kept back.

Lines of JSON. The first says what the file is and how the chain ends; then each event with its number, its hash and the hash before
it, and one of

- ``shown``, each field with its salt and value, and ``hidden``, the digest of each that is kept back: its hash can be reckoned;
- ``facts``, of an event from before hashes were over digests: its hash can be reckoned, since nothing is kept back;
- ``stated``, of such an event of which something is kept back: its hash is only stated, and holds as far as the next covers it.

Events of the last two kinds come before all of the first, or any event could be put off as one of them.

This file asks for nothing but Python.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.apps.audit.hashes import FIELDS, GENESIS, digest_of, digests_of, hash_at_first, hash_of, salt_of

FORM = "steelyard audit chain 1"
PERSONAL = ("actor_id", "actor", "entity_id", "detail", "uid")
"""What tells of a person: who did it, whom it was about, and what else it says, such as a name that was searched for."""
LONGEST = 1_000_000
"""Characters of a line that are read: no event has so many."""


def lines_of(events: Iterable[Mapping[str, Any]], head: tuple[int, str], *, is_whole: bool) -> Iterator[str]:
    """The lines of the file.

    Args:
        events: all events up to the head, in order: ``number``, ``previous_hash``, ``hash`` and each of the fields.
        head: number and hash of the last.
        is_whole: whether what tells of a person is shown too.
    """
    kept_back = () if is_whole else PERSONAL
    yield _line({"form": FORM, "events": head[0], "head": head[1], "kept_back": list(kept_back)})
    for event in events:
        place = {name: event[name] for name in ("number", "previous_hash", "hash")}
        yield _line({**place, **_says(event, kept_back)})


def _says(event: Mapping[str, Any], kept_back: tuple[str, ...]) -> dict[str, Any]:
    if hash_at_first(event["number"], event["previous_hash"], event) == event["hash"]:
        facts = {name: event[name] for name in FIELDS if name not in kept_back}
        return {"stated": facts} if kept_back else {"facts": facts}
    digests = digests_of(event)
    return {
        "shown": {name: [salt_of(event["uid"], name), event[name]] for name in FIELDS if name not in kept_back},
        "hidden": {name: digests[name] for name in kept_back},
    }


def _line(says: dict[str, Any]) -> str:
    return json.dumps(says, ensure_ascii=False, sort_keys=True) + "\n"


@dataclass
class Checked:
    """What checking a file told.

    Attributes:
        events: how many there are.
        stated: of how many the hash could not be reckoned and was taken as stated.
        head: number and hash of the last.
        breaks: where the chain is not what was written, by the event's number, and how it is seen.
    """

    events: int = 0
    stated: int = 0
    head: tuple[int, str] = (0, GENESIS)
    breaks: list[tuple[int, str]] = field(default_factory=list)


def check(lines: Iterable[str], known: Mapping[int, str] | None = None) -> Checked:
    """Reckon the file's hashes, and see that each event follows the one before.

    Args:
        lines: the file's.
        known: hashes by number that were noted elsewhere earlier.

    Raises:
        ValueError: the file is none of a chain.
    """
    rest, found, noted = iter(lines), Checked(), dict(known or {})
    begin = _read(next(rest, ""))
    if begin.get("form") != FORM:
        raise ValueError(f"its first line does not say that it is a {FORM!r}")
    is_later = False
    for line in rest:
        number = found.events + 1
        event = _read(line)
        is_later |= "shown" in event
        why = _wrong(event, number, found.head[1], is_later=is_later)
        if why:
            found.breaks.append((number, why))
        digest = str(event.get("hash", ""))
        if noted.pop(number, digest) != digest:
            found.breaks.append((number, "its hash is another than the one noted earlier"))
        found.events, found.stated, found.head = number, found.stated + ("stated" in event), (number, digest)
    if found.head != (begin.get("events"), begin.get("head")):
        found.breaks.append((found.events, "the file does not end with the event that its first line names"))
    found.breaks += [(number, "it was noted earlier and is not in the file") for number in sorted(noted)]
    return found


def _read(line: str) -> dict[str, Any]:
    try:
        says = json.loads(line) if len(line) <= LONGEST else None
    except (ValueError, RecursionError):
        says = None
    return says if isinstance(says, dict) else {}


def _wrong(event: dict[str, Any], number: int, before: str, *, is_later: bool) -> str:
    """What is wrong with an event; empty when nothing is. ``is_later`` once hashes are over digests."""
    if event.get("number") != number:
        return "the line is not this event's"
    if event.get("previous_hash") != before:
        return "it does not follow the event before it"
    if is_later and ("stated" in event or "facts" in event):
        return "it says that it is from before hashes were over digests, and stands after one whose hash is"
    if isinstance(event.get("stated"), dict) and isinstance(event.get("hash"), str):
        return ""
    return "" if _reckoned(event, number, before) == event.get("hash") else "it is not as it was written"


def _reckoned(event: dict[str, Any], number: int, before: str) -> str:
    """The hash that the line itself gives; empty where it says not all that a hash is over."""
    facts, shown, hidden = event.get("facts"), event.get("shown"), event.get("hidden")
    if isinstance(facts, dict):
        return hash_at_first(number, before, facts) if facts.keys() == {*FIELDS} else ""
    if not isinstance(shown, dict) or not isinstance(hidden, dict):
        return ""
    is_all = shown.keys() | hidden.keys() == {*FIELDS} and not shown.keys() & hidden.keys()
    if not is_all or not all(isinstance(pair, list) and len(pair) == 2 for pair in shown.values()):
        return ""
    return hash_of(number, before, {**hidden, **{name: digest_of(pair[0], name, pair[1]) for name, pair in shown.items()}})
