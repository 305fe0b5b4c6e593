"""The Django apps: models and rules, without pages."""
