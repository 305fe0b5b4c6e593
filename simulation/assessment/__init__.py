"""Compare a day's list with the simulation's truth."""
