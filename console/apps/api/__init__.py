"""The programming interface: the same rights and rules as the pages, for programs with a token."""
