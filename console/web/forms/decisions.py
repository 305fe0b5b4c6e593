"""Forms for decisions. All choices are codes of the catalogue; a comment is optional and short."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.http import HttpRequest

from console.apps.accounts.models import User
from console.apps.decisions import catalogue
from console.apps.decisions.decide import DecisionInput
from console.apps.decisions.models import Case
from console.apps.decisions.permissions import assignable_users
from console.apps.decisions.states import Action
from console.apps.ranking.current_policy import current_date
from jobs.texts.languages import Texts

LONGEST_COMMENT = 2000


def token_field() -> forms.CharField:
    """The token of a form, by which a repeated submission is recognised.

    Only letters, digits and hyphens: the tokens of system steps contain a colon (``wake:…``, ``return:…``, ``undo:…``), so that a
    forged form cannot block such a step.
    """
    return forms.CharField(max_length=64, widget=forms.HiddenInput, validators=[RegexValidator(r"\A[0-9A-Za-z-]+\Z")])


def date_field(**attributes: Any) -> forms.DateField:
    """A date with the browser's date picker."""
    return forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **attributes)


def comment_field(rows: int = 2, **attributes: Any) -> forms.CharField:
    """A comment."""
    return forms.CharField(max_length=LONGEST_COMMENT, widget=forms.Textarea({"rows": rows}), **attributes)


def catalogue_choices(kind: str, texts: Texts) -> list[tuple[str, str]]:
    """The codes of a kind, after an empty choice."""
    return [("", texts("form.choose")), *catalogue.choices(kind, texts.language)]


class LabelledForm(forms.Form):
    """A form in the user's language: the names of the fields in a section of the texts are their labels."""

    section = "form"
    offered: tuple[tuple[str, str], ...] = ()
    """Fields with the kinds of the catalogue that they offer."""

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = texts
        for name, field in self.fields.items():
            field.label = texts.either(f"{self.section}.{name}", name)
            if name in ("comment", "evidence", "text"):
                field.help_text = texts("form.comment_help", n=LONGEST_COMMENT)
        for name, kind in self.offered:
            self.fields[name].choices = catalogue_choices(kind, texts)


class CaseForm(LabelledForm):
    """The hidden fields of each form: its token, and the version of the case and the run that the user saw."""

    token = token_field()
    version = forms.IntegerField(widget=forms.HiddenInput)
    run_id = forms.CharField(max_length=64, widget=forms.HiddenInput)

    action: Action

    def __init__(self, texts: Texts, *args: Any, user: Any = None, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        if "assigned_to" in self.fields:
            self.fields["assigned_to"].queryset = assignable_users(user)

    def wanted(self) -> DecisionInput:
        """The decision that the form asks for."""
        data = self.cleaned_data
        chosen = {name: data[name] for name in ("objective", "kind", "proportion") if data.get(name)}
        given = {name: data[name] for name in ("reason", "comment", "wake_on", "wake_condition", "assigned_to") if name in data}
        return DecisionInput(self.action, data["token"], data["version"], chosen=chosen, **given)


class VisitForm(CaseForm):
    """Plan a visit: the reason, the objective, the kind, and why a milder measure is not enough."""

    action = Action.VISIT
    reason = forms.ChoiceField()
    objective = forms.ChoiceField()
    kind = forms.ChoiceField()
    proportion = forms.ChoiceField()
    assigned_to = forms.ModelChoiceField(User.objects.none(), required=False)
    comment = comment_field(required=False)
    offered = (("reason", "visit"), ("objective", "objective"), ("kind", "kind"), ("proportion", "proportion"))

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["assigned_to"].empty_label = texts("form.myself")


class DeferForm(CaseForm):
    """Defer: the reason, and the date or condition that ends the deferral."""

    action = Action.DEFER
    reason = forms.ChoiceField()
    wake_on = date_field(required=False)
    wake_condition = forms.ChoiceField(required=False)
    comment = comment_field(required=False)
    offered = (("reason", "defer"), ("wake_condition", "condition"))

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["wake_on"].widget.attrs["min"] = current_date().isoformat()

    def clean(self) -> dict[str, Any]:
        """Require an end of the deferral."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("wake_on") and not data.get("wake_condition") and "wake_on" not in self.errors:
            self.add_error("wake_on", self.texts("refused.no_end"))
        return data


class DismissForm(CaseForm):
    """Dismiss: the reason."""

    action = Action.DISMISS
    reason = forms.ChoiceField()
    comment = comment_field(required=False)
    offered = (("reason", "dismiss"),)


class AssignForm(CaseForm):
    """Assign the case to a person or to nobody. Its state does not change."""

    action = Action.ASSIGN
    assigned_to = forms.ModelChoiceField(User.objects.none(), required=False)
    comment = comment_field(required=False)

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["assigned_to"].label = texts("form.whose")
        self.fields["assigned_to"].empty_label = texts("form.nobodys")


class ApproveForm(CaseForm):
    """Approve a proposed dismissal."""

    action = Action.APPROVE
    run_id = None
    comment = comment_field(required=False)


class RefuseForm(ApproveForm):
    """Refuse a proposed dismissal: the reason."""

    action = Action.REFUSE
    reason = forms.ChoiceField()
    field_order = ("reason", "comment")
    offered = (("reason", "refuse"),)


class ReopenForm(RefuseForm):
    """Reopen a case for review: the reason."""

    action = Action.REOPEN
    offered = (("reason", "reopen"),)


class HandOverForm(LabelledForm):
    """The colleague who takes over the open cases of a person who can no longer work on them."""

    token = token_field()
    person = forms.ModelChoiceField(User.objects.all(), widget=forms.HiddenInput)
    to = forms.ModelChoiceField(User.objects.none())
    section = "supervisor"

    def __init__(self, texts: Texts, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["to"].queryset = assignable_users(user)
        self.fields["to"].empty_label = texts("form.choose")


class HandleForm(LabelledForm):
    """What was done about a dismissal in a queue: a code of the kind that fits its present state."""

    token = token_field()
    seen = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.ChoiceField()
    comment = comment_field(required=False)

    def __init__(self, texts: Texts, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["reason"].label = texts("queue_form.reason")
        self.fields["reason"].choices = catalogue_choices(kind, texts)


FORMS: dict[Action, type[CaseForm]] = {
    Action.VISIT: VisitForm, Action.DEFER: DeferForm, Action.DISMISS: DismissForm, Action.ASSIGN: AssignForm,
}  # fmt: skip
STEPS: dict[Action, type[ApproveForm]] = {Action.APPROVE: ApproveForm, Action.REFUSE: RefuseForm, Action.REOPEN: ReopenForm}
"""Steps of an existing case, which need no current run."""


def decision_forms(
    request: HttpRequest, actions: list[Action], version: int, run_id: str, sent: dict[Action, CaseForm] | None = None
) -> list[tuple[str, CaseForm, bool]]:
    """A form for each action that the user may take, and whether it is open: a submitted invalid form stays open."""
    shown: list[tuple[str, CaseForm, bool]] = []
    token = uuid.uuid4().hex
    for action in actions:
        invalid = (sent or {}).get(action)
        initial = {"token": f"{token}-{action}", "version": version, "run_id": run_id}
        form = invalid or FORMS[action](request.texts, initial=initial, user=request.user, auto_id=f"{action}_%s")
        shown.append((str(action), form, invalid is not None))
    return shown


def step_forms(texts: Texts, case: Case, prefix: str = "", sent: dict[Action, CaseForm] | None = None) -> dict[str, CaseForm]:
    """A form for each of :data:`STEPS`, or the submitted invalid one."""
    forms_shown: dict[str, CaseForm] = {}
    for action, form in STEPS.items():
        initial = {"version": case.version, "token": uuid.uuid4().hex}
        forms_shown[str(action)] = (sent or {}).get(action) or form(texts, initial=initial, auto_id=f"{prefix}{action}_%s")
    return forms_shown
