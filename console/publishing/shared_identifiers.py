"""Entities that share an identifier with a listed one on the register: an address, a person, a phone, an agent.

Persons, phones and agents are pseudonyms on the register. Here they are numbers that have a meaning within one run only. The result
says that two entities share an identifier, never which one.
"""

from __future__ import annotations

import pandas as pd

from expectations.contracts import registration, silver
from expectations.contracts.lineage import ENTITY_ID

KINDS = {
    "address": (silver.ADDRESS_KEY,),
    "person": (registration.LEGAL_REP_ID, registration.OWNER_ID),
    "phone": (registration.PHONE_HASH,),
    "agent": (registration.AGENT_ID,),
}
"""The columns of each kind. A representative of one entity matches an owner of another."""
SHARED = tuple(column for columns in KINDS.values() for column in columns)
MOST = 12
"""Entities that are named for each kind, the first by rank."""
MOST_OF_A_KEY = 500
"""The most entities of one identifier that count, by rank. Beyond that an address is a building and an agent a firm."""


def shared_identifiers(ranking: pd.DataFrame) -> pd.DataFrame:
    """The entities that share an identifier with each listed entity.

    Args:
        ranking: every scored entity by ``position``, the listed first, with :data:`SHARED` as numbers.

    Returns:
        ``position`` of the listed entity, ``kind``, ``other_id`` and ``sharing``, the number of entities that share an identifier
        of that kind with it; by kind, position and the other's place.
    """
    listed = int(ranking["is_listed"].sum())
    found = []
    for kind, columns in KINDS.items():
        long = pd.concat([ranking[[ENTITY_ID, "position", name]].rename(columns={name: "key"}) for name in map(str, columns)])
        known = long[long["key"].fillna(-1) >= 0]
        shared = known[known["key"].isin(known.loc[known["position"] <= listed, "key"])]  # few of a million
        found.append(_of_kind(shared.drop_duplicates([ENTITY_ID, "key"]), listed).assign(kind=kind))
    return pd.concat(found)[["position", "kind", "other_id", "sharing"]]


def _of_kind(members: pd.DataFrame, listed: int) -> pd.DataFrame:
    own = members.loc[members["position"] <= listed, ["position", "key"]]
    others = members.sort_values("position").groupby("key").head(MOST_OF_A_KEY)
    pairs = own.merge(others, on="key", suffixes=("", "_other"))
    pairs = pairs[pairs["position"] != pairs["position_other"]].drop_duplicates(["position", ENTITY_ID])
    pairs = pairs.assign(sharing=pairs.groupby("position")[ENTITY_ID].transform("size"))
    shown = pairs.sort_values(["position", "position_other"]).groupby("position").head(MOST)
    return shown.rename(columns={str(ENTITY_ID): "other_id"})
