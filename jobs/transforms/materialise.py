"""What a transform needs of its caller to have a frame computed once."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import DataFrame

Materialise = Callable[[DataFrame], DataFrame]
"""Makes a frame be computed once, where several branches read it; gives the same rows."""
