"""The programming interface: the pages' rights and rules, for programs that hold a token."""
