"""Whether the model finds the violators that generated worlds hide, and whether no single indicator gives them away."""
