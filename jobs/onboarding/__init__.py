"""Bringing in a new source or profile: guess a mapping from a file, and name every mistake in one."""
