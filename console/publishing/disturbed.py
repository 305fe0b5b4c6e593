"""Whose data of a day and of the published day before cannot be held against each other as if both had come as they should."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from console.apps.ranking.models import PublishedRun
from console.core.finished_run import FinishedRun

CAME = ("passed", "unchanged")
"""The verdicts of a source that was there on a day, with news or with none that was due."""


def sources_told(run: FinishedRun, before: PublishedRun | None) -> list[dict[str, Any]]:
    """What the day settled of each source, as :meth:`FinishedRun.source_manifests` gives it, with ``is_disturbed``.

    A source that the published day before does not name, since it was not mapped then, is not disturbed: what was recorded with
    its first delivery is no less the entities' own.
    """
    told = run.source_manifests()
    then = {source["source"]: source for source in before.sources} if before else {}
    chains = run.chains_until(before.as_of) if before else {}
    for source in told:
        name = source["source"]
        source["is_disturbed"] = name in then and is_disturbed(then[name], source, chains.get(name))
    return told


def is_disturbed(then: Mapping[str, Any], now: Mapping[str, Any], chain: str | None) -> bool:
    """Whether a source was missing, stopped or not settled on either day, or what it delivered by the first was corrected since.

    Args:
        then: what the earlier day settled of it.
        now: what the later day settled.
        chain: the chain of its deliveries up to the earlier day, as the later day knows them: another one than ``then`` has where
            a delivery was mended, came late or was withdrawn, or the mapping was changed. Where either does not say, as of a day
            that was published before chains were kept, no correction is told.
    """
    is_corrected = chain is not None and then.get("chain") not in (None, chain)
    return is_corrected or not {then["verdict"], now["verdict"]} <= {*CAME}


def disturbed_contracts(told: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The contracts of the sources of :func:`sources_told` that are disturbed."""
    return frozenset(str(source["contract"]) for source in told if source["is_disturbed"] and source["contract"])
