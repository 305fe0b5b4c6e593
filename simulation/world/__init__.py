"""The simulated world: population, regions, industries, typologies, clock."""
