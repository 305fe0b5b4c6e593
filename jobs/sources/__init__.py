"""Read deliveries: files and databases, landing."""
