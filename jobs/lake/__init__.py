"""Tables, manifests, batches and stored models, read and written without an engine."""
