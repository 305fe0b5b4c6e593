"""How right the probabilities are for everybody, where inspectors were sent for reasons: invented worlds, whose truth is known."""
