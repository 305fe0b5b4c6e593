"""Doing a finished day again from what its manifest names, and holding what comes of it against what was published."""
