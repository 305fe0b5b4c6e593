"""Append-only tables on PostgreSQL: the same tests, and TRUNCATE, which only PostgreSQL has."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, models

from tests.console.test_append_only import *  # noqa: F403
from tests.console.test_append_only import ON_RECORD

pytestmark = pytest.mark.cluster


@pytest.mark.usefixtures("a_row_in_each_table")
@pytest.mark.parametrize("model", ON_RECORD)
def test_the_database_refuses_to_empty_a_table(model: type[models.Model]) -> None:
    before = model._default_manager.count()

    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")

    assert model._default_manager.count() == before > 0
