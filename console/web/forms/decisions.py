"""Forms by which something is decided. All choices are codes of the catalogue; a comment is optional and short."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.http import HttpRequest

from console.apps.accounts.models import User
from console.apps.accounts.roles import DECIDES
from console.apps.decisions import catalogue
from console.apps.decisions.decide import DecisionInput
from console.apps.decisions.models import Case
from console.apps.decisions.states import Action
from console.apps.ranking.current_policy import current_date, current_policy
from jobs.texts.languages import Texts
from jobs.texts.names import codes_within

LONGEST_COMMENT = 2000


def form_name() -> forms.CharField:
    """The name of a form that was shown, by which it is taken once.

    Letters, digits and hyphens: no form takes a name that the system gives its own steps, ``wake:…``, ``return:…`` and
    ``undo:…``, or a forged one would stand in the way of the step.
    """
    return forms.CharField(max_length=64, widget=forms.HiddenInput, validators=[RegexValidator(r"\A[0-9A-Za-z-]+\Z")])


class Sent(forms.Form):
    """What each form carries unseen: its own name, and the state that its reader saw."""

    token = form_name()
    version = forms.IntegerField(widget=forms.HiddenInput)
    run_id = forms.CharField(max_length=64, widget=forms.HiddenInput)

    action: Action
    shows: tuple[str, ...] = ()

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = texts
        for name, field in self.fields.items():
            field.label = texts.either(f"form.{name}", name)
            if name in ("comment", "evidence"):
                field.help_text = texts("form.comment_help", n=LONGEST_COMMENT)

    def _offer(self, name: str, kind: str) -> None:
        field = self.fields[name]
        field.choices = [("", self.texts("form.choose")), *catalogue.choices(kind, self.texts.language)]

    def wanted(self) -> DecisionInput:
        """What the form asks for."""
        said = self.cleaned_data
        chosen = {name: said[name] for name in ("objective", "kind", "proportion") if said.get(name)}
        return DecisionInput(
            action=self.action,
            token=said["token"],
            version=said["version"],
            reason=said.get("reason", ""),
            chosen=chosen,
            comment=said.get("comment", ""),
            wake_on=said.get("wake_on"),
            wake_condition=said.get("wake_condition", ""),
            assigned_to=said.get("assigned_to"),
        )


def _comment() -> forms.CharField:
    return forms.CharField(required=False, max_length=LONGEST_COMMENT, widget=forms.Textarea({"rows": 2}))


class Visit(Sent):
    """Visit it: why, to what end, how, and why not with less."""

    action = Action.VISIT
    reason = forms.ChoiceField()
    objective = forms.ChoiceField()
    kind = forms.ChoiceField()
    proportion = forms.ChoiceField()
    assigned_to = forms.ModelChoiceField(User.objects.none(), required=False)
    comment = _comment()

    def __init__(self, texts: Texts, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self._offer("reason", "visit")
        for name in ("objective", "kind", "proportion"):
            self._offer(name, name)
        self.fields["assigned_to"].queryset = colleagues(user)
        self.fields["assigned_to"].empty_label = texts("form.myself")


class Defer(Sent):
    """Not now: why, and until when or what."""

    action = Action.DEFER
    reason = forms.ChoiceField()
    wake_on = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    wake_condition = forms.ChoiceField(required=False)
    comment = _comment()

    def __init__(self, texts: Texts, *args: Any, user: Any, **kwargs: Any) -> None:  # noqa: ARG002 (as the others)
        super().__init__(texts, *args, **kwargs)
        self._offer("reason", "defer")
        self._offer("wake_condition", "condition")
        self.fields["wake_on"].widget.attrs["min"] = current_date().isoformat()

    def clean(self) -> dict[str, Any]:
        """A deferral ends."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if not said.get("wake_on") and not said.get("wake_condition") and "wake_on" not in self.errors:
            self.add_error("wake_on", self.texts("refused.no_end"))
        return said


class Dismiss(Sent):
    """No visit: why."""

    action = Action.DISMISS
    reason = forms.ChoiceField()
    comment = _comment()

    def __init__(self, texts: Texts, *args: Any, user: Any, **kwargs: Any) -> None:  # noqa: ARG002 (as the others)
        super().__init__(texts, *args, **kwargs)
        self._offer("reason", "dismiss")


class Assign(Sent):
    """Give it to somebody, or to nobody; where it stands stays as it is."""

    action = Action.ASSIGN
    assigned_to = forms.ModelChoiceField(User.objects.none(), required=False)
    comment = _comment()

    def __init__(self, texts: Texts, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["assigned_to"].queryset = colleagues(user)
        self.fields["assigned_to"].label = texts("form.whose")
        self.fields["assigned_to"].empty_label = texts("form.nobodys")


class HandOver(forms.Form):
    """To whom the open cases go of somebody who can no longer do them."""

    token = form_name()
    person = forms.ModelChoiceField(User.objects.all(), widget=forms.HiddenInput)
    to = forms.ModelChoiceField(User.objects.none())

    def __init__(self, texts: Texts, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = colleagues(user)
        self.fields["to"].label = texts("supervisor.to")
        self.fields["to"].empty_label = texts("form.choose")


class Approve(Sent):
    """Agree to what somebody proposed; a comment can say why."""

    action = Action.APPROVE
    run_id = None
    comment = _comment()


class _WithReason(Approve):
    """A step against what was decided: its reason is of the action's kind of the catalogue."""

    reason = forms.ChoiceField()
    field_order = ("reason", "comment")

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self._offer("reason", str(self.action))


class Refuse(_WithReason):
    """Do not agree: why."""

    action = Action.REFUSE


class Reopen(_WithReason):
    """Have it reviewed again: why."""

    action = Action.REOPEN


class Handle(forms.Form):
    """What came of a dismissal in a queue: a code of the kind for where it stands there."""

    token = form_name()
    seen = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.ChoiceField()
    comment = _comment()

    def __init__(self, texts: Texts, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label, self.fields["comment"].label = texts("queue_form.reason"), texts("form.comment")
        self.fields["reason"].choices = [("", texts("form.choose")), *catalogue.choices(kind, texts.language)]
        self.fields["comment"].help_text = texts("form.comment_help", n=LONGEST_COMMENT)


FORMS: dict[Action, type[Sent]] = {Action.VISIT: Visit, Action.DEFER: Defer, Action.DISMISS: Dismiss, Action.ASSIGN: Assign}
STEPS: dict[Action, type[Approve]] = {Action.APPROVE: Approve, Action.REFUSE: Refuse, Action.REOPEN: Reopen}
"""Steps of a case that is there, for which nothing new is published."""


def step_forms(texts: Texts, case: Case, prefix: str = "", sent: dict[Action, Sent] | None = None) -> dict[str, Sent]:
    """A form for each of :data:`STEPS`; one that was sent and is not right as it was."""
    initial = {"version": case.version}
    made: dict[str, Sent] = {}
    for action, form in STEPS.items():
        own = initial | {"token": uuid.uuid4().hex}
        made[str(action)] = (sent or {}).get(action) or form(texts, initial=own, auto_id=f"{prefix}{action}_%s")
    return made


def decision_forms(
    request: HttpRequest, actions: list[Action], version: int, run_id: str, token: str, sent: dict[Action, Sent] | None = None
) -> list[tuple[str, Sent, bool]]:
    """A form for each action that the person may take; one that was sent and is not right stands open."""
    forms_shown: list[tuple[str, Sent, bool]] = []
    for action in actions:
        given = (sent or {}).get(action)
        initial = {"token": f"{token}-{action}", "version": version, "run_id": run_id}
        form = given or FORMS[action](request.texts, initial=initial, user=request.user, auto_id=f"{action}_%s")
        forms_shown.append((str(action), form, given is not None))
    return forms_shown


def colleagues(user: Any) -> Any:
    """Whom a user may send: a supervisor anybody who decides in one of their regions or in a part of one, others themselves alone.

    A city's supervisor sends the inspectors of its districts; a district's sends nobody who answers for the city.
    """
    if user.role != "supervisor":
        return User.objects.none()
    people = User.objects.filter(is_active=True, role__in=DECIDES)
    own = {(place.level, place.code) for place in user.regions()}
    if ("all", "") in own:
        return people
    scheme = str(current_policy().profile.get("region_scheme", ""))
    within = {code for _, own_code in own for code in codes_within(scheme, own_code)}
    return people.filter(jurisdictions__code__in=within).distinct()
