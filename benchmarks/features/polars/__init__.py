"""Compute a day's features with Polars, written by hand from the definitions of the indicators."""
