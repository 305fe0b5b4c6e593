"""Events, links, trend and peers. Nothing here is a decision: all of it can be rebuilt from the lake."""

from __future__ import annotations

from enum import StrEnum

from django.db import models

from console.apps.accounts.jurisdiction import OfRegion


class Partition(models.Model):
    """A loaded partition of a silver table, that is a delivery of a source.

    ``kind`` is the name of the table, ``files`` a hash that shows when it changed.
    """

    kind = models.CharField(max_length=16)
    source = models.CharField(max_length=64)
    delivered_on = models.DateField()
    files = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "source", "delivered_on"), name="one_partition"),)


class Event(models.Model):
    """One version of one record. The newest version that was known on a day applies on that day.

    ``kind`` is the name of the silver table that it is read from.
    """

    kind = models.CharField(max_length=16)
    source = models.CharField(max_length=64)
    delivered_on = models.DateField()
    entity_id = models.CharField(max_length=64, default="")
    record = models.CharField(max_length=120)
    happened_on = models.DateField(null=True)
    known_at = models.DateTimeField()
    source_file = models.TextField(default="")
    source_row = models.BigIntegerField(default=0)
    is_absent = models.BooleanField(default=False)
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = (
            models.Index(fields=("entity_id", "happened_on"), name="events_of_entity"),
            models.Index(fields=("kind", "record"), name="versions_of_record"),
            models.Index(fields=("kind", "source", "delivered_on"), name="events_of_delivery"),
        )


class Measure(StrEnum):
    """What is counted by month: events in the month, and the state on its newest published day."""

    BIRTHS = "births"
    DEATHS = "deaths"
    COMPLAINTS = "complaints"
    ENTITIES = "entities"
    HIGH_RISK = "high_risk"
    LISTED = "listed"
    FILERS = "filers"
    UNFILED = "unfiled"


class Figure(OfRegion):
    """A count for a month, a region and an industry."""

    measure = models.CharField(max_length=16)
    month = models.DateField()
    industry_section = models.CharField(max_length=16, default="")
    count = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("measure", "month", "region_code", "region_middle", "region_top", "industry_section"), name="one_figure"
            ),
        )
        indexes = (models.Index(fields=("region_middle", "measure"), name="figures_of_region"),)


class Link(models.Model):
    """The entity that a complaint without an identifier is linked to, and the confidence, as of the newest published day."""

    complaint_id = models.CharField(max_length=120, primary_key=True)
    entity_id = models.CharField(max_length=64, db_index=True)
    confidence = models.FloatField()
    method = models.CharField(max_length=32)


class TrendPoint(models.Model):
    """An entity's points and class from a day until its next point."""

    entity_id = models.CharField(max_length=64)
    as_of = models.DateField(db_index=True)
    credit_points = models.IntegerField()
    risk_class = models.CharField(max_length=2)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("entity_id", "as_of"), name="one_point_a_day"),)
