"""The one rule of who sees which entities: every row about an entity carries its region, and is asked for through here."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from django.db import models
from django.db.models import Q


class InJurisdiction(models.QuerySet):
    """Rows about entities."""

    def visible_to(self, user: Any) -> Self:
        """The rows whose region is one of the user's; none for somebody who has no region or may not read the list.

        A jurisdiction names its level, so that each is one equality, which an index with the rank answers at once.
        """
        bound = bound_of(user)
        return self if bound is None else self.filter(bound)


def bounds_of(user: Any) -> list[tuple[str, str]] | None:
    """Level and code of the regions whose rows a user sees: none for somebody who sees no row, None where nothing bounds them."""
    if not user.is_authenticated or not user.is_active or not user.may_read_list:
        return []
    if user.sees_every_region or any(place.level == Level.ALL for place in user.regions()):
        return None
    return [(place.level, place.code) for place in user.regions()]


def bound_of(user: Any) -> Q | None:
    """What is true of the rows that :meth:`InJurisdiction.visible_to` gives a user; None where nothing bounds what they see."""
    bounds = bounds_of(user)
    if bounds is None:
        return None
    within = Q()
    for level, code in bounds:
        within |= Q(**{f"region_{level}": code})
    return within or Q(pk__in=[])


class Level(StrEnum):
    """The level of a region that a jurisdiction names, as the columns of :class:`OfRegion` do."""

    ALL = "all"
    TOP = "top"
    MIDDLE = "middle"
    CODE = "code"


class OfRegion(models.Model):
    """A row about an entity: the entity's region and those above it."""

    region_code = models.CharField(max_length=32, default="")
    region_middle = models.CharField(max_length=32, default="")
    region_top = models.CharField(max_length=32, default="")

    objects = InJurisdiction.as_manager()

    class Meta:
        abstract = True
