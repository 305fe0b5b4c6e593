"""How much is known of an entity, and which sources a day lacks."""
