"""Published runs, the tables of each run's own database, and the order of the risk classes."""

from __future__ import annotations

from django.db import models
from django.utils.functional import cached_property

from console.apps.accounts.jurisdiction import OfRegion
from jobs.texts import reasons
from jobs.texts.languages import load_texts
from jobs.texts.names import Names
from jobs.texts.settings import TextSettings

CLASSES = ("D", "C", "B", "A")
"""From the worst to the best."""
FILTER_COLUMNS = ("region_code", "region_middle", "region_top", "risk_class", "industry_section", "moved_by")
"""Text columns of the list that filters select by. Their values are also words of the search index."""


def is_worse(now: str, before: str) -> bool:
    """Whether a class is worse than another; False if either is missing."""
    return now in CLASSES and before in CLASSES and CLASSES.index(now) < CLASSES.index(before)


class PublishedRun(models.Model):
    """A published run of a day. One row says whether it is the current one, so that readers never see half a day.

    ``moves_cases`` is true until the cases that the run moves have moved, ``is_thinning`` while the run is being thinned out.
    """

    run_id = models.CharField(max_length=64, primary_key=True)
    as_of = models.DateField(db_index=True)
    is_current = models.BooleanField(default=False)
    is_whole = models.BooleanField(default=True)
    is_thinning = models.BooleanField(default=False)
    moves_cases = models.BooleanField(default=False)
    published_at = models.DateTimeField()
    model_id = models.CharField(max_length=64, default="")
    entities = models.IntegerField(default=0)
    listed = models.IntegerField(default=0)
    profile = models.JSONField(default=dict)
    model = models.JSONField(default=dict)
    sources = models.JSONField(default=list)
    model_card = models.TextField(default="")
    drift = models.JSONField(default=dict)

    class Meta:
        ordering = ("-as_of",)
        constraints = (
            models.UniqueConstraint(fields=("as_of",), condition=models.Q(is_current=True), name="one_current_run_a_day"),
        )

    @property
    def lowest_points(self) -> dict[str, int]:
        """The lowest credit points of each class; empty where the run has no bounds. An earlier version's are in its profile."""
        bounds = self.model.get("class_bounds")
        lowest = bounds["lowest"] if bounds else self.profile.get("classes") or {}
        return {str(letter): int(points) for letter, points in lowest.items()} if "A" in lowest else {}

    def names(self, language: str) -> Names:
        """Names and values of the run's profile in a language."""
        return Names(load_texts(language), self._text_settings)

    @cached_property
    def _text_settings(self) -> TextSettings:
        return TextSettings.of_stored(self.profile)


class Ranked(OfRegion):
    """An entity's place on a day. ``position`` counts from 1: the listed in order, then the others by margin and identifier."""

    position = models.IntegerField(primary_key=True)
    entity_id = models.CharField(max_length=64, unique=True)
    name = models.TextField(default="")
    address = models.TextField(default="")
    status = models.CharField(max_length=16, default="")
    entity_type = models.CharField(max_length=16, default="")
    established_on = models.DateField(null=True)
    industry_code = models.CharField(max_length=16, default="")
    industry_section = models.CharField(max_length=16, default="")
    risk_class = models.CharField(max_length=2)
    credit_points = models.IntegerField()
    probability = models.FloatField(null=True)
    probability_low = models.FloatField(null=True)
    probability_high = models.FloatField(null=True)
    held_class = models.CharField(max_length=2, default="")
    held_source = models.CharField(max_length=32, default="")
    better_class = models.CharField(max_length=2, default="")
    better_changes = models.TextField(default="")
    anomaly = models.FloatField()
    margin = models.FloatField()
    peer_group = models.CharField(max_length=200, default="")
    is_listed = models.BooleanField(default=False)
    region_rank = models.IntegerField(null=True)
    capacity_region = models.CharField(max_length=32, default="")
    previous_position = models.IntegerField(null=True)
    previous_class = models.CharField(max_length=2, default="")
    moved_by = models.CharField(max_length=8, default="")

    class Meta:
        managed = False
        ordering = ("position",)
        # Each column together with the rank, so that a page of any filter is read from one index.
        indexes = tuple(
            models.Index(fields=(name, "position"), name=f"by_{name}") for name in (*FILTER_COLUMNS, "is_listed", "peer_group")
        )


class Reason(models.Model):
    """A reason for a listed entity's place, from ``gold.reasons``.

    Its texts need ``run``, which :func:`console.apps.ranking.runs.read_reasons` sets.
    """

    run: PublishedRun
    position = models.IntegerField()
    reason_rank = models.IntegerField()
    indicator = models.CharField(max_length=64)
    contribution = models.FloatField()
    value = models.FloatField(null=True)
    peer_median = models.FloatField(null=True)
    peer_group = models.CharField(max_length=200, default="")
    peer_count = models.IntegerField(null=True)
    rests_on = models.TextField(default="")
    newest_on = models.DateField(null=True)

    class Meta:
        managed = False
        ordering = ("position", "reason_rank")
        indexes = (
            models.Index(fields=("position", "reason_rank"), name="reasons_of"),
            models.Index(fields=("indicator", "position"), name="by_indicator"),
        )

    def sentence(self, language: str) -> str:
        """The reason in a language."""
        return self._data().sentence(self.run.names(language))

    def basis(self, language: str) -> str:
        """The comparison group and the data behind the reason, in a language; empty if there is no such text."""
        return self._data().basis(self.run.names(language))

    def change(self, language: str) -> str:
        """What would change it, or why the entity cannot change it, in a language; empty if there is no such text."""
        return self._data().change(self.run.names(language))

    def _data(self) -> reasons.Reason:
        return reasons.Reason.of({**vars(self), "as_of": self.run.as_of})


class SharedIdentifier(models.Model):
    """Another entity that shares an identifier with a listed one on the register: the kind of identifier, never its value."""

    position = models.IntegerField()
    kind = models.CharField(max_length=8)
    other_id = models.CharField(max_length=64)
    sharing = models.IntegerField()

    class Meta:
        managed = False
        db_table = "ranking_tie"
        ordering = ("position", "kind", "id")
        indexes = (models.Index(fields=("position", "kind"), name="ties_of"),)


class Postings(models.Model):
    """A word of the search index and the places that have it: see postings.py."""

    word = models.TextField(primary_key=True)
    places = models.BinaryField()

    class Meta:
        managed = False


OF_RUN = (Ranked, Reason, SharedIdentifier, Postings)
"""The tables of a run's database."""
