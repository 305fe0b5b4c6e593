"""The indicator catalogue as a page, ``docs/reference/indicators.md``."""

from __future__ import annotations

from expectations.contracts.denied import deny_list
from expectations.contracts.indicators import DIMENSIONS, Indicator, catalogue

_TITLES = {
    "basic": "Basic", "tax": "Tax behaviour", "complaint": "Complaints", "supervision": "Supervision record",
    "association": "Associations",
}  # fmt: skip
_DIRECTIONS = {1: "more is riskier", -1: "less is riskier", 0: "neither"}
_HEADS = ("code", "column", "definition", "定义", "unit", "sources", "direction", "peers", "what would change it")

_INTRODUCTION = """# Indicators

Written by `make docs` from `expectations/contracts/indicators.toml`. Each indicator is computed for every entity and day. If a
source is missing, its indicators are unknown (null), never zero. If the source has records of others and none of this entity, the
value is zero. A value of a day uses only what happened by that day and was known by its end.

An indicator marked *peers* is also compared with the entity's peer group, as `<column>_vs_peers`: (x - median) / scale, within
±20. The group is industry × size × age × region; it is broadened until it has as many active entities as the profile requires.
The scale is 1.4826 times the median absolute deviation. If more than half of the peers are equal, it is the 90th percentile of
the deviations ÷ 1.6449; if that is 0 too, the same over all entities. Months are counted back from the last settled month, the
month of the day less 45 days. `_12m` means 12 months, `_36m` 36.

An indicator that is *not scored* enters no model. It helps people to judge what they read.

The last column says what would change the indicator, or why the business itself cannot change it lawfully. Suggestions for a better
class use only what a business can change.
"""


def render_indicator_docs() -> str:
    """The page as Markdown."""
    parts = [_INTRODUCTION]
    for dimension in DIMENSIONS:
        indicators = [indicator for indicator in catalogue() if indicator.dimension == dimension]
        parts.append(f"## {_TITLES[dimension]}\n")
        parts.append("| " + " | ".join(_HEADS) + " |\n" + "|---" * len(_HEADS) + "|")
        parts.append("\n".join(_row(indicator) for indicator in indicators) + "\n")
    parts.append("## What is never an indicator\n")
    parts.append("\n".join(f"- **{denied.name}**: {denied.why}" for denied in deny_list()) + "\n")
    return "\n".join(parts)


def _row(indicator: Indicator) -> str:
    cells = (
        indicator.code,
        f"`{indicator.column}`",
        indicator.definition["en"],
        indicator.definition["zh-Hans"],
        indicator.unit,
        ", ".join(indicator.sources),
        _DIRECTIONS[indicator.direction] if indicator.scored else "not scored",
        "yes" if indicator.peer else "",
        indicator.change["en"] if indicator.changeable else f"*Not the business itself.* {indicator.change['en']}",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
