"""Queries that several pages share: filters of the list, past runs, reasons, charts over time."""
