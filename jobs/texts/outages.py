"""What is done while a source has stopped, as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.texts.languages import Texts


def outage_in_words(outage: Mapping[str, Any] | None, texts: Texts) -> str:
    """Since when a source has delivered nothing that may be used, and what is used instead; empty where it has not stopped.

    Args:
        outage: the source's facts from :func:`jobs.lake.manifests.outages_of_run`.
    """
    if not outage:
        return ""
    return texts("outage.carried" if outage["is_carried"] else "outage.unknown", day=outage["until"])
