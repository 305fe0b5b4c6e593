"""How regulators see the day's list and decide: a Django site that reads the lake's finished days and owns its own tables."""
