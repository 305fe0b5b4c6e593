"""The same features computed by Steelyard and DuckDB, and a comparison of their results."""
