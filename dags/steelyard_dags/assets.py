"""The assets that connect the DAGs. The partition key of their events is the day, an ISO date."""

from __future__ import annotations

from airflow.sdk import Asset


def settled(profile: str, source: str) -> Asset:
    """The source is settled for the day: ingested, stopped, missing or unchanged, as its manifest says."""
    return Asset(name=f"steelyard_{profile}_{source}_settled", uri=f"steelyard://{profile}/source/{source}", group="steelyard")


def risk_list(profile: str) -> Asset:
    """The day's risk list is exported."""
    return Asset(name=f"steelyard_{profile}_risk_list", uri=f"steelyard://{profile}/risk_list", group="steelyard")
