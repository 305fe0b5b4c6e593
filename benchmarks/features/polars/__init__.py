"""A day's features by Polars, written by hand from the definitions of the indicators; one file a subject."""
