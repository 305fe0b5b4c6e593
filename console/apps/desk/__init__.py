"""A person's own desk: the views that they saved, and what they have looked at."""
