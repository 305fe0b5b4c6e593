"""What belongs to one user: saved views, and the entities that the user has looked at."""
