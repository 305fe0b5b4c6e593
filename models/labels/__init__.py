"""Cohorts, sampling, the training set and the propensity of a visit."""
