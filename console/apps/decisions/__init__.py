"""What regulators decide of an entity, and what came of it."""
