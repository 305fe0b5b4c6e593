"""Every address, for every role and region, shows nothing of another's entities on PostgreSQL either: the same tests."""

from __future__ import annotations

import pytest

from tests.console.test_jurisdiction import *  # noqa: F403

pytestmark = pytest.mark.cluster
