"""Tests of tests/console on PostgreSQL, and tests of behaviour that only PostgreSQL has."""
