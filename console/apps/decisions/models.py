"""Cases, the decisions that move them, and the results of visits. Decisions and results are append-only."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models

from console.apps.accounts.jurisdiction import OfRegion
from console.apps.decisions.states import Action, State


class Case(OfRegion):
    """An entity about which there is a decision. An entity without a case is to be reviewed."""

    entity_id = models.CharField(max_length=64, unique=True)
    name = models.TextField(default="")
    state = models.CharField(max_length=24, choices=[(item, item) for item in State], default=State.TO_REVIEW)
    version = models.IntegerField(default=0)
    risk_class = models.CharField(max_length=2, default="")
    position = models.IntegerField(null=True)
    # The entity's place on the list of the run ``placed_in``; null if that run does not have the entity. See places.py.
    place = models.IntegerField(null=True)
    placed_in = models.CharField(max_length=64, default="", blank=True)
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="assigned_cases")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="proposed_cases")
    due_on = models.DateField(null=True)
    wake_on = models.DateField(null=True)
    wake_condition = models.CharField(max_length=24, default="", blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=("state", "due_on"), name="cases_by_due"),
            models.Index(fields=("state", "wake_on"), name="cases_by_wake"),
            models.Index(fields=("assigned_to", "state"), name="cases_by_person"),
            # Covering indexes in the list's order: the cases themselves are not read.
            models.Index(
                fields=("state", "placed_in", "place", "assigned_to", "region_code", "region_middle", "region_top"),
                name="cases_of_state_by_place",
            ),
            models.Index(
                fields=("placed_in", "place", "state", "assigned_to", "region_code", "region_middle", "region_top"),
                name="cases_by_place",
            ),
            models.Index(
                fields=("assigned_to", "placed_in", "place", "state", "region_code", "region_middle", "region_top"),
                name="cases_of_person_by_place",
            ),
            # Overdue cases in the list's order. Only few of all cases have a deadline.
            models.Index(
                fields=("placed_in", "place", "due_on", "state", "assigned_to", "region_code", "region_middle", "region_top"),
                condition=models.Q(due_on__isnull=False),
                name="cases_with_deadline_by_place",
            ),
        )


class Decision(models.Model):
    """One step of a case: who, when, why, and what they saw. Triggers refuse any change of a row; see migration 0002."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="decisions")
    action = models.CharField(max_length=24, choices=[(item, item) for item in Action])
    state_before = models.CharField(max_length=24, choices=[(item, item) for item in State])
    state_after = models.CharField(max_length=24, choices=[(item, item) for item in State])
    reason = models.CharField(max_length=32, default="")
    chosen = models.JSONField(default=dict)
    comment = models.TextField(default="", max_length=2000)
    run_id = models.CharField(max_length=64, default="")
    risk_class = models.CharField(max_length=2, default="")
    position = models.IntegerField(null=True)
    due_on = models.DateField(null=True)
    wake_on = models.DateField(null=True)
    wake_condition = models.CharField(max_length=24, default="")
    undoes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    batch = models.CharField(max_length=32, default="", db_index=True)
    form_token = models.CharField(max_length=64, unique=True)
    before = models.JSONField(default=dict)
    # How the entity of a visit was selected. Null for other steps and for steps from before the column existed.
    selected_by = models.CharField(max_length=16, null=True)
    campaign = models.ForeignKey("campaigns.Campaign", null=True, on_delete=models.PROTECT, related_name="visits")

    class Meta:
        ordering = ("at", "id")


class Results(models.QuerySet):
    """Results and their corrections."""

    def current(self) -> Self:
        """The results that no other result corrects."""
        return self.filter(corrections=None)


class Result(models.Model):
    """What a visit found, or that no visit took place. Each decision has one result. A correction is a further row."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="result")
    visit_status = models.CharField(max_length=16)
    inspected_on = models.DateField(null=True)
    items_checked = models.IntegerField(null=True)
    breaches = models.IntegerField(null=True)
    severity = models.IntegerField(null=True)
    found_violation = models.BooleanField(null=True)
    evidence = models.TextField(default="", max_length=2000)
    selected_by = models.CharField(max_length=16)
    inclusion_probability = models.FloatField(null=True)
    planned_on = models.DateField(null=True)
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrections")

    objects = Results.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("corrects",), condition=models.Q(corrects__isnull=False), name="one_correction_each"),
        )

    def first(self) -> Result:
        """The first result, which this one corrects directly or indirectly; itself if it is no correction."""
        result = self
        while result.corrects is not None:
            result = result.corrects
        return result


class ReasonVerdict(OfRegion):
    """Whether a reason was right, as the visitor judged it."""

    result = models.ForeignKey(Result, on_delete=models.PROTECT, related_name="verdicts")
    indicator = models.CharField(max_length=64)
    right = models.CharField(max_length=8)
    run_id = models.CharField(max_length=64)

    class Meta:
        indexes = (models.Index(fields=("indicator", "right"), name="verdicts_by_indicator"),)


class Handling(models.Model):
    """Somebody closed a dismissal in a queue, or reopened it. The newest row gives the state."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="handlings")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="handlings")
    is_open = models.BooleanField()
    reason = models.CharField(max_length=32)
    comment = models.TextField(default="", max_length=2000)
    form_token = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("id",)
