"""The form by which a campaign is made."""

from __future__ import annotations

from typing import Any

from django import forms

from console.apps.ranking.current_policy import current_date
from jobs.texts.languages import Texts

MOST = 5000


class CampaignForm(forms.Form):
    """A name, a period, how many visits, and what to look at, an item a line."""

    token = forms.CharField(max_length=64, widget=forms.HiddenInput)
    name = forms.CharField(max_length=80)
    starts_on = forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    ends_on = forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    capacity = forms.IntegerField(min_value=1, max_value=MOST)
    checklist = forms.CharField(max_length=4000, widget=forms.Textarea({"rows": 5}))

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = texts
        for name, field in self.fields.items():
            field.label = texts.either(f"campaign.{name}", name)
        self.fields["checklist"].help_text = texts("campaign.checklist_help")

    def clean(self) -> dict[str, Any]:
        """The period ends after it begins, and not in the past."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = said.get("starts_on"), said.get("ends_on")
        if last is not None and (last < current_date() or (first is not None and last < first)):
            self.add_error("ends_on", self.texts("campaign.wrong_period"))
        return said
