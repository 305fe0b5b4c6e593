"""The one rule of who sees which entities. Every row about an entity has its region, and every query goes through here."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from django.db import models
from django.db.models import Q


class InJurisdiction(models.QuerySet):
    """Rows about entities."""

    def visible_to(self, user: Any) -> Self:
        """The rows in the user's regions; none for a user without a region or without the right to read the list.

        A jurisdiction names its level, so each is one equality, which an index with the rank answers directly.
        """
        condition = region_condition(user)
        return self if condition is None else self.filter(condition)


def visible_regions(user: Any) -> list[tuple[str, str]] | None:
    """Level and code of each region that a user sees; empty if the user sees no row, None if the user sees all regions."""
    if not user.is_authenticated or not user.is_active or not user.may_read_list:
        return []
    if user.sees_every_region or any(place.level == Level.ALL for place in user.regions()):
        return None
    return [(place.level, place.code) for place in user.regions()]


def region_condition(user: Any) -> Q | None:
    """The condition of :meth:`InJurisdiction.visible_to` on a row's region; None if the user sees all regions."""
    regions = visible_regions(user)
    if regions is None:
        return None
    condition = Q()
    for level, code in regions:
        condition |= Q(**{f"region_{level}": code})
    return condition or Q(pk__in=[])


class Level(StrEnum):
    """The level of a jurisdiction's region. The columns of :class:`OfRegion` have the same names."""

    ALL = "all"
    TOP = "top"
    MIDDLE = "middle"
    CODE = "code"


class OfRegion(models.Model):
    """A row about an entity, with the entity's region and the regions above it."""

    region_code = models.CharField(max_length=32, default="")
    region_middle = models.CharField(max_length=32, default="")
    region_top = models.CharField(max_length=32, default="")

    objects = InJurisdiction.as_manager()

    class Meta:
        abstract = True
