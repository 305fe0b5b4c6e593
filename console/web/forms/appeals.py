"""Forms by which an appeal is recorded and answered. Grounds and outcomes are codes of the catalogue."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from console.apps.decisions import catalogue
from console.apps.ranking.current_policy import current_date
from console.web.forms.decisions import LONGEST_COMMENT, form_name
from jobs.texts.languages import Texts

OLDEST_DAYS = 365
"""So long ago an appeal may have come in that is recorded now."""


class AppealForm(forms.Form):
    """When it came in, on what ground, and what it says."""

    token = form_name()
    received_on = forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    ground = forms.ChoiceField()
    text = forms.CharField(required=False, max_length=LONGEST_COMMENT, widget=forms.Textarea({"rows": 3}))

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = texts
        _label(self, texts)
        self.fields["text"].help_text = texts("form.comment_help", n=LONGEST_COMMENT)
        self.fields["ground"].choices = [("", texts("form.choose")), *catalogue.choices("ground", texts.language)]
        first, last = current_date() - timedelta(days=OLDEST_DAYS), current_date()
        self.fields["received_on"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}

    def clean_received_on(self) -> date:
        """Not to come, and not too long ago."""
        on: date = self.cleaned_data["received_on"]
        if on > current_date():
            raise forms.ValidationError(self.texts("refused.day_to_come"))
        if on < current_date() - timedelta(days=OLDEST_DAYS):
            raise forms.ValidationError(self.texts("appeal.too_old", n=OLDEST_DAYS))
        return on


class AnswerForm(forms.Form):
    """What came of it, and why: whoever objected is owed a reason."""

    outcome = forms.ChoiceField()
    comment = forms.CharField(max_length=LONGEST_COMMENT, widget=forms.Textarea({"rows": 2}))

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self, texts)
        self.fields["comment"].label = texts("appeal.why")
        self.fields["comment"].help_text = texts("form.comment_help", n=LONGEST_COMMENT)
        self.fields["outcome"].choices = [("", texts("form.choose")), *catalogue.choices("answer", texts.language)]


def _label(form: forms.Form, texts: Texts) -> None:
    for name, field in form.fields.items():
        field.label = texts.either(f"appeal.{name}", name)
