"""Survey estimators, intervals, drift, time splits and robust scales."""
