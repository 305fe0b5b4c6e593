"""What it costs to score everybody on a day, and to explain those that are listed."""
