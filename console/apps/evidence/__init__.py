"""What is recorded about entities over time: events, trend, peers. Each published day updates it by its changes."""
