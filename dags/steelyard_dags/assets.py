"""The events that tie the DAGs together. Each carries the day it is about as its partition key, an ISO date."""

from __future__ import annotations

from airflow.sdk import Asset


def settled(profile: str, source: str) -> Asset:
    """A source is settled for the day: taken in, stopped, missing or unchanged; its manifest says which."""
    return Asset(name=f"steelyard_{profile}_{source}_settled", uri=f"steelyard://{profile}/source/{source}", group="steelyard")


def risk_list(profile: str) -> Asset:
    """The day's risk list is published: what the console waits for."""
    return Asset(name=f"steelyard_{profile}_risk_list", uri=f"steelyard://{profile}/risk_list", group="steelyard")
