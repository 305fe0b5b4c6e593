"""Rank entities by region and stabilise their classes."""
