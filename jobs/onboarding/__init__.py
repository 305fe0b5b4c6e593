"""Onboarding: draft a mapping from a file, and check a profile and its mappings."""
