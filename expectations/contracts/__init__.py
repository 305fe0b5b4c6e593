"""One file a table. The package imports nothing, so that reading one contract costs one file."""
