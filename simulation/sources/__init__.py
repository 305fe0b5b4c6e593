"""Write the files that agencies would deliver."""
