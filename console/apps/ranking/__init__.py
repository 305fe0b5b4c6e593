"""Published runs: the ranking of each day, in a database of its own."""
