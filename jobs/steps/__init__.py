"""The steps of a day: each reads tables, transforms them, and replaces one day of others."""
