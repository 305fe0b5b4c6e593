"""Errors, log, files, locks, paths and the code version. Imports nothing else of ours."""
