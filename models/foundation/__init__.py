"""Inputs, array types, threads and archives. Imports nothing else of models."""
