"""Forms to record and to answer an appeal. Grounds and outcomes are codes of the catalogue."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from console.apps.ranking.current_policy import current_date
from console.web.forms.decisions import LabelledForm, comment_field, date_field, token_field
from jobs.texts.languages import Texts

OLDEST_DAYS = 365
"""The oldest date of receipt that can be recorded, in days before today."""


class AppealForm(LabelledForm):
    """The date of receipt, the ground and the text of an appeal."""

    token = token_field()
    received_on = date_field()
    ground = forms.ChoiceField()
    text = comment_field(3, required=False)
    section = "appeal"
    offered = (("ground", "ground"),)

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        first, last = current_date() - timedelta(days=OLDEST_DAYS), current_date()
        self.fields["received_on"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}

    def clean_received_on(self) -> date:
        """Refuse a future date and one that is too old."""
        on: date = self.cleaned_data["received_on"]
        if on > current_date():
            raise forms.ValidationError(self.texts("refused.day_to_come"))
        if on < current_date() - timedelta(days=OLDEST_DAYS):
            raise forms.ValidationError(self.texts("appeal.too_old", n=OLDEST_DAYS))
        return on


class AnswerForm(LabelledForm):
    """The outcome of an appeal and its reason."""

    outcome = forms.ChoiceField()
    comment = comment_field()
    section = "appeal"
    offered = (("outcome", "answer"),)

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["comment"].label = texts("appeal.why")
