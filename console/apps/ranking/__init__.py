"""Published runs: each day's ranking in its own database."""
