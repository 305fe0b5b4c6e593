"""Figures with their intervals as plain numbers, for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from models.evaluation.bootstrap import Estimate

DIGITS = 6

Plain = dict[str, float]
"""``value, low, high``; NaN where the figure has no meaning, or no interval."""


def nested(figures: Mapping[str, Mapping[str, Estimate]]) -> dict[str, dict[str, Plain]]:
    """Each order's figures by measure."""
    return {name: by_measure(of) for name, of in figures.items()}


def by_measure(figures: Mapping[str, Estimate]) -> dict[str, Plain]:
    """Figures by measure."""
    return {name: plain(figure) for name, figure in figures.items()}


def plain(figure: Estimate) -> Plain:
    """One figure."""
    return {name: round(value, DIGITS) for name, value in asdict(figure).items()}
