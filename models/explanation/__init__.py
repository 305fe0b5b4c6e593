"""Reasons for a score, and counterfactuals."""
