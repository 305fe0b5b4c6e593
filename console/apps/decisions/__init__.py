"""Regulators' decisions about entities, and the results of visits."""
