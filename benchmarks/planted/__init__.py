"""Measure how well the model, and how well a single indicator, finds the violators of simulated worlds."""
