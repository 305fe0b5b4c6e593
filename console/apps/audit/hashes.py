"""An event's hash: over the digest of each thing it says, so that one may be kept back and the hash be reckoned all the same.

A digest is salted, by what nobody can guess who does not hold the event: ``uid`` is drawn anew for each event and is never shown
where anything is kept back. So neither a name nor a business can be found by trying all there are (salted digests, as RFC 9901 has
them for the selective disclosure of signed claims). This file asks for nothing but Python.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

GENESIS = "0" * 64
FIELDS = (
    "kind", "actor_id", "actor", "role", "entity_id", "region_code", "run_id", "batch", "detail", "at", "uid",
)  # fmt: skip
"""What an event says; all of it is covered."""


def hash_of(number: int, previous: str, digests: Mapping[str, str]) -> str:
    """The SHA-256 of an event with its place and the hash before it.

    Args:
        number: the event's place in the chain, from 1.
        previous: the hash of the event before it, :data:`GENESIS` before the first.
        digests: of each of :data:`FIELDS`, as :func:`digests_of` gives them.
    """
    return _sha256([number, previous, "digests", dict(digests)])


def digests_of(facts: Mapping[str, Any]) -> dict[str, str]:
    """The digest of each field of an event."""
    return {name: digest_of(salt_of(facts["uid"], name), name, facts[name]) for name in FIELDS}


def digest_of(salt: str, name: str, value: object) -> str:
    """The digest of a field by its salt."""
    return _sha256([salt, name, value])


def salt_of(uid: str, name: str) -> str:
    """A field's salt, which tells nothing of another field's, nor of ``uid``."""
    return _sha256(["salt", uid, name])


def hash_at_first(number: int, previous: str, facts: Mapping[str, Any]) -> str:
    """The hash as events had it before there were digests: over all they say at once, so that nothing can be kept back."""
    return _sha256([number, previous, {name: facts[name] for name in FIELDS}])


def _sha256(says: list[Any]) -> str:
    text = json.dumps(says, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
