"""Campaigns: a filter, a period, a capacity and a checklist, which a supervisor makes, follows and closes."""
