"""Settings, texts and helpers that no app or page owns."""
