"""The invented world: population, regions, industries, typologies, clock."""
