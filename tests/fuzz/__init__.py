"""Mutated deliveries: whatever a source delivers, every record is counted, nothing raises, and the sound days are taken in."""
