"""The same features computed by Steelyard, DuckDB and Polars, and a comparison of their results."""
