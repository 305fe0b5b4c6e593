"""The indicators on a sample of the deliveries: the steps of a day compute them in a temporary home, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.contract import Sensitivity
from expectations.contracts.indicators import Indicator, features_contract
from expectations.contracts.lineage import AS_OF, KNOWN_AT
from expectations.contracts.registry import SILVER, SOURCES
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.foundation.log import stage
from jobs.onboarding.possible_indicators import COMPUTED, CONSTANT, NULL, Possible
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Profile, Sample
from jobs.sources.file_source import source_of
from jobs.sources.sources_of_day import mappings_of_day
from jobs.steps.build_features import rebuild_features

REGISTER = "registration"
TakeIn = Callable[[Lake, Profile, SourceMapping, Path, date], object]


def indicators_on_sample(
    possible: Sequence[Possible], profile: Profile, sources: Path, take_in: TakeIn
) -> tuple[date, list[Possible]]:
    """The day of the sample, and each indicator as it is there. A database is not read: its indicators stay as they are given.

    The day is that of the newest delivery, or of the newest record of a source other than the register, whichever is later.

    Args:
        take_in: takes in one source, as a day does.

    Raises:
        InputMissing: when nothing was delivered, or no usable delivery has an entity.
    """
    with TemporaryDirectory(prefix="steelyard-sample-") as home:
        lake, limited = Lake(Path(home)), replace(profile, reading=Sample(**vars(profile.reading)))
        mappings = mappings_of_day(profile.folder, lake.home, date.max, sources).values()
        in_files = [mapping for mapping in mappings if mapping.database is None]
        not_read = {mapping.contract.name for mapping in mappings if mapping.database is not None}
        until = max(filter(None, (source_of(mapping, sources, date.max).newest() for mapping in in_files)), default=None)
        if until is None:
            then = "check the folder, and `files` in each mapping"
            raise InputMissing(what="no source of the profile has a delivery", where=str(sources), next_step=then)
        for mapping in in_files:
            take_in(lake, limited, mapping, sources, until)
        as_of = max([until, *_days_of_activity(lake, profile)])
        with stage("features", as_of=str(as_of)) as current:
            current.note(entities=rebuild_features(lake, limited, as_of))
        features = lake.read(features_contract()).where(F.col(AS_OF) == F.lit(as_of))
        values, columns = _values(features, [one.indicator.column for one in possible]), _columns(lake, possible)
        return as_of, [
            one if not_read & {*one.indicator.delivered_by} else _on_sample(one, *values[one.indicator.column], lake, columns)
            for one in possible
        ]


def _days_of_activity(lake: Lake, profile: Profile) -> list[date]:
    """The day of the newest record of each contract but the register, which may know what begins later."""
    tables = [lake.read(SILVER[name]) for name in SOURCES if name != REGISTER]
    newest = [table.agg(F.max(KNOWN_AT).cast("string")).collect()[0][0] for table in tables]
    return [datetime.fromisoformat(at).replace(tzinfo=UTC).astimezone(profile.time_zone).date() for at in newest if at]


def _columns(lake: Lake, possible: Iterable[Possible]) -> dict[str, dict[str, tuple[int, str, str]]]:
    """For each contract that indicators use, the values of the columns that they need, as of :func:`_values`."""
    needed: dict[str, set[str]] = {}
    for one in possible:
        for contract, column in (*one.indicator.needed, *((name, str(KNOWN_AT)) for name in one.indicator.delivered_by)):
            needed.setdefault(contract, set()).add(column)
    return {contract: _values(lake.read(SILVER[contract]), sorted(names)) for contract, names in needed.items()}


def _values(rows: DataFrame, names: Sequence[str]) -> dict[str, tuple[int, str, str]]:
    """For each column the number of rows with a value, and the first and the last of its values as text."""
    text = {name: F.col(name).cast("string") for name in names}
    every = [part for value in text.values() for part in (F.count(value), F.min(value), F.max(value))]
    found = rows.agg(*[part.alias(f"value_{place}") for place, part in enumerate(every)]).collect()[0]
    return {name: (found[3 * place], found[3 * place + 1], found[3 * place + 2]) for place, name in enumerate(names)}


def _on_sample(
    one: Possible, known: int, first: str, last: str, lake: Lake, columns: dict[str, dict[str, tuple[int, str, str]]]
) -> Possible:
    """The indicator on the sample. What the mappings say that it lacks stays; else it lacks what the sample lacks."""
    outcome = NULL if not known else CONSTANT if known > 1 and first == last else COMPUTED
    found = replace(one, outcome=outcome, always=first if outcome == CONSTANT else "")
    if outcome == COMPUTED or one.outcome != COMPUTED:
        return found
    indicator = one.indicator
    unseen = tuple(name for name in indicator.delivered_by if not columns[name][KNOWN_AT][0])
    seen = {need: columns[need[0]][need[1]] for need in indicator.needed if need[0] not in unseen}
    empty = tuple(".".join(need) for need, (count, _, _) in seen.items() if not count)
    single = tuple(_single(*need, value) for need, (count, value, other) in seen.items() if count and value == other)
    return replace(found, unseen=unseen, empty=empty, single=single, uncounted=_uncounted(indicator, unseen, lake))


def _single(contract: str, column: str, value: str) -> str:
    is_personal = SOURCES[contract].column(column).sensitivity is Sensitivity.PERSONAL
    return f"{contract}.{column}" if is_personal else f"{contract}.{column} = {value}"


def _uncounted(indicator: Indicator, unseen: Iterable[str], lake: Lake) -> tuple[str, ...]:
    """The values that the indicator counts and no record of the sample has."""
    counted = [(*where.partition("."), wanted) for where, wanted in indicator.counted]
    return tuple(
        f"{contract}.{column} = {', '.join(wanted)}"
        for contract, _, column, wanted in counted
        if contract not in unseen and lake.read(SILVER[contract]).where(F.col(column).isin(*wanted)).isEmpty()
    )
