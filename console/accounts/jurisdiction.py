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
        if not user.is_authenticated or not user.is_active or not user.may_read_list:
            return self.none()
        if user.sees_every_region:
            return self
        within = Q()
        for jurisdiction in user.regions():
            if jurisdiction.level == Level.ALL:
                return self
            within |= Q(**{f"region_{jurisdiction.level}": jurisdiction.code})
        return self.filter(within) if within else self.none()


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
