"""Check, back up, restore, migrate and clean up the tables of a home."""
