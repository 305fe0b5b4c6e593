"""Read files of records: one registry of formats, one module a format."""
