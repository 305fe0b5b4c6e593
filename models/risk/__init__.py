"""Learn and calibrate the probability that a visit finds a violation."""
