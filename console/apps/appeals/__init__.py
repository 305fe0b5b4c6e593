"""Appeals of businesses, and the answers of people who had no part in the case."""
