"""What the register says of each entity, ``state.register``, kept from day to day."""

from __future__ import annotations

from datetime import date, datetime

from pyspark.sql import DataFrame

from expectations.contracts import registration
from expectations.contracts.state import IS_THERE, REGISTER
from jobs.bring_state import Kept, bring_state, read_state, reckon_all
from jobs.runtime.lake import Lake
from jobs.runtime.settings import Profile
from jobs.transforms.materialise import Materialise
from jobs.transforms.register_state import READ, stand_register


def _standing(versions: DataFrame, as_of: date, cutoff: datetime) -> DataFrame:
    return stand_register(versions, as_of=as_of, cutoff=cutoff)


KEPT = Kept(
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
    return bring_state(KEPT, lake, profile, as_of, afresh=afresh)


def read_register(lake: Lake, as_of: date, materialise: Materialise | None = None) -> DataFrame:
    """One row an entity that the register has, as :func:`bring_register` left them on the day."""
    return read_state(KEPT, lake, as_of, materialise)


def stand_all(lake: Lake, profile: Profile, as_of: date) -> DataFrame:
    """What the register says of every entity on a day, read from silver and kept nowhere."""
    return reckon_all(KEPT, lake, profile, as_of).where(str(IS_THERE))
