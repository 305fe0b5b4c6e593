"""Tests of tests/console again, over a site with its databases in PostgreSQL, and those of what only PostgreSQL has."""
