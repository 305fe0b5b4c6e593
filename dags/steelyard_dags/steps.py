"""Which verbs the DAGs call, and which of them open an engine: only those are worth sending to a cluster."""

from __future__ import annotations

NEEDS_ENGINE = {
    "ingest": True,
    "gate": True,
    "conform": True,
    "settle": False,
    "link": True,
    "features": True,
    "train": True,
    "score": False,
    "target": True,
    "export": False,
    "publish": False,
    "outcomes": False,
    "lake": False,
    "replay": True,
}
