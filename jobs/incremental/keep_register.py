"""What the register says of each entity, ``state.register``, kept from day to day."""

from __future__ import annotations

from datetime import date, datetime

from pyspark.sql import DataFrame

from expectations.contracts import registration
from expectations.contracts.state import IS_THERE, REGISTER
from jobs.engine.lake import Lake
from jobs.incremental.entity_state import StateTable, compute_all, read_state, update_state
from jobs.profile.profile import Profile
from jobs.transforms.frames import Materialise
from jobs.transforms.register_state import READ, register_as_of


def _standing(versions: DataFrame, as_of: date, cutoff: datetime) -> DataFrame:
    return register_as_of(versions, as_of=as_of, cutoff=cutoff)


KEPT = StateTable(
    table=REGISTER,
    contract=registration.CONTRACT.name,
    read=tuple(map(str, READ)),
    step="register_state",
    reckon=_standing,
    is_there=str(IS_THERE),
    nothing=(IS_THERE, False),
    counts_back=False,
)


def bring_register(lake: Lake, profile: Profile, as_of: date, *, afresh: bool = False) -> int:
    """Bring the register to a day; give the number of entities that were reckoned.

    Args:
        afresh: reckon every entity, whatever earlier days hold.
    """
    return update_state(KEPT, lake, profile, as_of, afresh=afresh)


def read_register(lake: Lake, as_of: date, materialise: Materialise | None = None) -> DataFrame:
    """One row an entity that the register has, as :func:`bring_register` left them on the day."""
    return read_state(KEPT, lake, as_of, materialise)


def compute_register(lake: Lake, profile: Profile, as_of: date) -> DataFrame:
    """What the register says of every entity on a day, read from silver and kept nowhere."""
    return compute_all(KEPT, lake, profile, as_of).where(str(IS_THERE))
