"""The form of what a visit found; works on a phone, at the door."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from console.apps.decisions import catalogue
from console.apps.decisions.models import Result
from console.apps.decisions.policies import NotPossible, check_visited_on, first_day_of_visit
from console.apps.decisions.results import INSPECTED
from console.apps.ranking.current_policy import current_date, current_policy
from console.apps.ranking.models import Reason
from console.web.forms.decisions import LONGEST_COMMENT, form_name
from jobs.texts.languages import Texts


def answers_of(result: Result) -> dict[str, Any]:
    """A result as the form's answers, for whoever corrects it."""
    found = {True: "yes", False: "no"}.get(result.found_violation, "")
    names = ("visit_status", "inspected_on", "items_checked", "breaches", "severity", "evidence")
    rights = {f"right_{verdict.indicator}": verdict.right for verdict in result.verdicts.all()}
    return {name: getattr(result, name) for name in names} | {"found_violation": found} | rights


_NEEDED = ("inspected_on", "items_checked", "breaches", "severity", "found_violation")


class ResultForm(forms.Form):
    """Whether the visit took place, and if so what it found; for each reason whether it was right."""

    token = form_name()
    version = forms.IntegerField(widget=forms.HiddenInput)
    visit_status = forms.ChoiceField(widget=forms.RadioSelect)
    inspected_on = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    items_checked = forms.IntegerField(required=False, min_value=0, max_value=10_000)
    breaches = forms.IntegerField(required=False, min_value=0, max_value=10_000)
    severity = forms.ChoiceField(required=False)
    found_violation = forms.ChoiceField(required=False)
    evidence = forms.CharField(required=False, max_length=LONGEST_COMMENT, widget=forms.Textarea({"rows": 3}))

    def __init__(self, texts: Texts, reasons: list[Reason], decided_on: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts, self.reasons, self.decided_on = texts, reasons, decided_on
        language = texts.language
        for name, field in self.fields.items():
            field.label = texts.either(f"form.{name}", name)
        self.fields["evidence"].help_text = texts("form.comment_help", n=LONGEST_COMMENT)
        first = first_day_of_visit(decided_on, current_date(), current_policy())
        self.fields["inspected_on"].widget.attrs |= {"min": first.isoformat(), "max": current_date().isoformat()}
        self.fields["visit_status"].choices = [(INSPECTED, texts("form.inspected")), *catalogue.choices("no_visit", language)]
        self.fields["severity"].choices = [("", texts("form.choose")), *catalogue.choices("severity", language)]
        self.fields["found_violation"].choices = [
            ("", texts("form.choose")), ("yes", texts("word.yes")), ("no", texts("word.no")),
        ]  # fmt: skip
        for reason in reasons:
            self.fields[f"right_{reason.indicator}"] = forms.ChoiceField(
                label=reason.sentence(language),
                choices=catalogue.choices("right", language),
                widget=forms.RadioSelect,
                required=False,
            )

    def clean(self) -> dict[str, Any]:
        """A visit that took place has a result; one that did not has none, which is not "nothing found"."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("visit_status") == INSPECTED:
            for name in _NEEDED:
                if said.get(name) in (None, "") and name not in self.errors:
                    self.add_error(name, self.texts("form.needed"))
            if said.get("inspected_on"):
                try:
                    check_visited_on(said["inspected_on"], self.decided_on, current_date(), current_policy())
                except NotPossible as error:
                    self.add_error("inspected_on", self.texts(error.why, **error.values))
            if (said.get("breaches") or 0) > (said.get("items_checked") or 0):
                self.add_error("breaches", self.texts("form.more_breaches"))
            self._check_that_answers_agree(said)
        else:
            for name in _NEEDED:
                said[name] = None
        return said

    def _check_that_answers_agree(self, said: dict[str, Any]) -> None:
        """No violation breaches nothing and is of no severity; a violation is of some."""
        found, severity = said.get("found_violation"), said.get("severity")
        if found == "no" and (said.get("breaches") or severity not in ("", "0", None)):
            self.add_error("found_violation", self.texts("form.nothing_found"))
        if found == "yes" and severity == "0":
            self.add_error("severity", self.texts("form.something_found"))

    def verdicts(self) -> dict[str, str]:
        """For each reason that was judged, whether it was right."""
        if self.cleaned_data.get("visit_status") != INSPECTED:
            return {}
        judged = {reason.indicator: self.cleaned_data.get(f"right_{reason.indicator}") for reason in self.reasons}
        return {indicator: right for indicator, right in judged.items() if right}

    @property
    def own(self) -> list[Any]:
        """The visible fields that are not about a reason."""
        return [field for field in self.visible_fields() if not field.name.startswith("right_")]

    @property
    def about_reasons(self) -> list[Any]:
        """The fields about the reasons."""
        return [field for field in self.visible_fields() if field.name.startswith("right_")]
