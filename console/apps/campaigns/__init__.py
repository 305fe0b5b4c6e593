"""Campaigns: a filter, a period, a capacity and a checklist, made, followed and closed by a supervisor."""
