"""Measure calibration for all entities when visits are not random, on simulated worlds with known truth."""
