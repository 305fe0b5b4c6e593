"""An evaluation as a page and in the terminal, from its stored figures."""
