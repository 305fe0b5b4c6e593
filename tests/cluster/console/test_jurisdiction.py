"""Every URL hides entities of other regions on PostgreSQL too: the same tests."""

from __future__ import annotations

import pytest

from tests.console.test_jurisdiction import *  # noqa: F403

pytestmark = pytest.mark.cluster
