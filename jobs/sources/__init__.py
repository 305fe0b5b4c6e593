"""Read deliveries: one registry of formats, files and databases, landing."""
