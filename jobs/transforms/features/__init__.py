"""Compute the indicators of each entity: pure DataFrame to DataFrame."""
