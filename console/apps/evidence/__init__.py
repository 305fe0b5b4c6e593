"""What is on record of an entity over time: events, trend, peers; brought up to date by each day's changes."""
