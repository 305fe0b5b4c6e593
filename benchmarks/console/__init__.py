"""The console under load: made-up runs of a million entities, published, served and asked for as people do."""
