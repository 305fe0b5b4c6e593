"""What a home holds: the names of its own folders and files."""

from __future__ import annotations

LAKE = "lake"
MANIFESTS = "manifests"
MODELS = "models"
REPORTS = "reports"
SCRATCH = ".steelyard-scratch"
"""Intermediate files. All in it may be deleted unasked, so it is called what nobody else's folder is."""
CONSOLE = "console"
"""What the console keeps there: databases in use, which copied as files would be torn, and the key of its sessions."""
LOCK = ".writing"
"""The file by which the one writer holds the home."""
FILED = (MANIFESTS, MODELS, REPORTS)
"""The folders whose files are written one by one."""
FOLDERS = (LAKE, *FILED, SCRATCH)
