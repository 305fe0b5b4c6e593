"""Pages of ``docs/`` that are made from the contracts and the catalogue."""
