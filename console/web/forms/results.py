"""The form for the result of a visit; it works on a phone."""

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
from console.web.forms.decisions import LabelledForm, comment_field, date_field, token_field
from jobs.texts.languages import Texts


def answers_of(result: Result) -> dict[str, Any]:
    """The initial values of the form when a result is corrected."""
    violation = {True: "yes", False: "no"}.get(result.found_violation, "")
    names = ("visit_status", "inspected_on", "items_checked", "breaches", "severity", "evidence")
    rights = {f"right_{verdict.indicator}": verdict.right for verdict in result.verdicts.all()}
    return {name: getattr(result, name) for name in names} | {"found_violation": violation} | rights


_REQUIRED = ("inspected_on", "items_checked", "breaches", "severity", "found_violation")


class ResultForm(LabelledForm):
    """Whether the visit took place, what it found, and for each reason whether it was right."""

    token = token_field()
    version = forms.IntegerField(widget=forms.HiddenInput)
    visit_status = forms.ChoiceField(widget=forms.RadioSelect)
    inspected_on = date_field(required=False)
    items_checked = forms.IntegerField(required=False, min_value=0, max_value=10_000)
    breaches = forms.IntegerField(required=False, min_value=0, max_value=10_000)
    severity = forms.ChoiceField(required=False)
    found_violation = forms.ChoiceField(required=False)
    evidence = comment_field(3, required=False)
    offered = (("severity", "severity"),)

    def __init__(self, texts: Texts, reasons: list[Reason], decided_on: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.reasons, self.decided_on, language = reasons, decided_on, texts.language
        first = first_day_of_visit(decided_on, current_date(), current_policy())
        self.fields["inspected_on"].widget.attrs |= {"min": first.isoformat(), "max": current_date().isoformat()}
        self.fields["visit_status"].choices = [(INSPECTED, texts("form.inspected")), *catalogue.choices("no_visit", language)]
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
        """Require a result if the visit took place; else clear it, since "no visit" is not "nothing found"."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("visit_status") == INSPECTED:
            for name in _REQUIRED:
                if data.get(name) in (None, "") and name not in self.errors:
                    self.add_error(name, self.texts("form.needed"))
            if data.get("inspected_on"):
                try:
                    check_visited_on(data["inspected_on"], self.decided_on, current_date(), current_policy())
                except NotPossible as error:
                    self.add_error("inspected_on", self.texts(error.why, **error.values))
            if (data.get("breaches") or 0) > (data.get("items_checked") or 0):
                self.add_error("breaches", self.texts("form.more_breaches"))
            self._check_consistent(data)
        else:
            data |= dict.fromkeys(_REQUIRED)
        return data

    def _check_consistent(self, data: dict[str, Any]) -> None:
        """Without a violation there are no breaches and no severity; a violation has a severity."""
        found, severity = data.get("found_violation"), data.get("severity")
        if found == "no" and (data.get("breaches") or severity not in ("", "0", None)):
            self.add_error("found_violation", self.texts("form.nothing_found"))
        if found == "yes" and severity == "0":
            self.add_error("severity", self.texts("form.something_found"))

    def verdicts(self) -> dict[str, str]:
        """Whether each reason was right, without unanswered ones."""
        if self.cleaned_data.get("visit_status") != INSPECTED:
            return {}
        judged = {reason.indicator: self.cleaned_data.get(f"right_{reason.indicator}") for reason in self.reasons}
        return {indicator: right for indicator, right in judged.items() if right}

    @property
    def own(self) -> list[Any]:
        """The visible fields that are not about reasons."""
        return [field for field in self.visible_fields() if not field.name.startswith("right_")]

    @property
    def about_reasons(self) -> list[Any]:
        """The fields about the reasons."""
        return [field for field in self.visible_fields() if field.name.startswith("right_")]
