"""An event's hash covers the digest of each field, so a field can be withheld and the hash can still be computed.

Digests are salted, so a name or a business cannot be found by trying all of them: ``uid`` is random for each event and is never
shown where a field is withheld (salted digests as in RFC 9901, selective disclosure of signed claims). This file needs only Python.
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
"""The fields of an event. The hash covers all of them."""


def hash_of(number: int, previous: str, digests: Mapping[str, str]) -> str:
    """The SHA-256 of an event's number from 1, the hash before it, :data:`GENESIS` before the first, and its :func:`digests_of`."""
    return _sha256([number, previous, "digests", dict(digests)])


def digests_of(facts: Mapping[str, Any]) -> dict[str, str]:
    """The digest of each field of an event."""
    return {name: digest_of(salt_of(facts["uid"], name), name, facts[name]) for name in FIELDS}


def digest_of(salt: str, name: str, value: object) -> str:
    """The digest of a field by its salt."""
    return _sha256([salt, name, value])


def salt_of(uid: str, name: str) -> str:
    """A field's salt, which reveals neither another field's salt nor ``uid``."""
    return _sha256(["salt", uid, name])


def legacy_hash(number: int, previous: str, facts: Mapping[str, Any]) -> str:
    """The hash of events from before digests existed: over all fields together, so no field can be withheld."""
    return _sha256([number, previous, {name: facts[name] for name in FIELDS}])


def _sha256(values: list[Any]) -> str:
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
