"""The only place that opens an engine session: Sail, Spark Connect or Apache Spark."""
