"""Measure the console under load, with synthetic runs of a million entities."""
