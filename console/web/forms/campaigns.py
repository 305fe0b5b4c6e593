"""The form for a new campaign."""

from __future__ import annotations

from typing import Any

from django import forms

from console.apps.ranking.current_policy import current_date
from console.web.forms.decisions import LabelledForm, date_field
from jobs.texts.languages import Texts

MAX_VISITS = 5000


class CampaignForm(LabelledForm):
    """The name, the period, the number of visits and the checklist, one item a line."""

    token = forms.CharField(max_length=64, widget=forms.HiddenInput)
    name = forms.CharField(max_length=80)
    starts_on = date_field()
    ends_on = date_field()
    capacity = forms.IntegerField(min_value=1, max_value=MAX_VISITS)
    checklist = forms.CharField(max_length=4000, widget=forms.Textarea({"rows": 5}))
    section = "campaign"

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["checklist"].help_text = texts("campaign.checklist_help")

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins, or in the past."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if last is not None and (last < current_date() or (first is not None and last < first)):
            self.add_error("ends_on", self.texts("campaign.wrong_period"))
        return data
