"""Measure the day's list, classes and intervals under stress, on simulated worlds with known truth."""
