"""What every table looks like and what must be true of it."""
