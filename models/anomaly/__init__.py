"""How unusual an entity is: an isolation forest on a tail-probability scale."""
