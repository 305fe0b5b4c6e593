"""Inputs and what a day lacks of them, array types, threads and archives. Imports nothing else of models."""
