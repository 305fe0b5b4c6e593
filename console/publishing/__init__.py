"""Publish a finished day from the lake to the console's databases."""
