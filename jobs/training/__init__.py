"""Gather a training set, fit, evaluate and compare models."""
