"""Metrics, baselines, bootstrap intervals, groups and leakage checks."""
