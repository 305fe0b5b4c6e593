"""The steps of a day: each reads tables, transforms them, and replaces the day in its own tables."""
