"""Pure functions from DataFrame to DataFrame: they read no file and write none."""
