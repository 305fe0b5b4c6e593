"""Measure the cost of training, scoring all entities, and explaining the listed ones."""
