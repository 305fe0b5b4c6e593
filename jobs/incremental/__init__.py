"""State kept from day to day, and the rules that say which tables are current."""
