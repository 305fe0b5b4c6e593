"""Looking after the tables of a home: what they were, whether they are sound, and how little room they need."""
