"""The page where users create and revoke API tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from console.apps.accounts.roles import READS_LIST
from console.apps.api.models import Token
from console.apps.api.tokens import LONGEST_DAYS, MOST_TOKENS, TooManyTokens, make_token, scopes_of
from console.apps.audit.chain import record_event
from console.apps.audit.models import Kind
from console.apps.ranking.current_policy import current_date
from console.web.access import for_roles
from console.web.forms.decisions import LabelledForm, date_field
from jobs.texts.languages import Texts


class TokenForm(LabelledForm):
    """The name, the scopes and the last day of a token."""

    name = forms.CharField(max_length=60)
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    expires_on = date_field()
    section = "token"

    def __init__(self, texts: Texts, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["scopes"].choices = [(str(scope), texts.either(f"scope.{scope}", str(scope))) for scope in scopes_of(user)]

    def clean_expires_on(self) -> Any:
        """Refuse a past day and one too far in the future."""
        on, today = self.cleaned_data["expires_on"], current_date()
        if not today <= on <= today + timedelta(days=LONGEST_DAYS):
            raise forms.ValidationError(self.texts("token.wrong_day", n=LONGEST_DAYS))
        return on


@for_roles(READS_LIST)
def tokens(request: HttpRequest) -> HttpResponse:
    """The user's tokens. A new one is shown once."""
    form = TokenForm(request.texts, request.user, request.POST or None)
    text = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            text = make_token(request.user, data["name"], data["scopes"], data["expires_on"])
            form = TokenForm(request.texts, request.user)
        except TooManyTokens:
            form.add_error(None, request.texts("token.too_many", n=MOST_TOKENS))
    context = {"form": form, "text": text, "tokens": Token.objects.filter(user=request.user), "today": current_date()}
    return render(request, "tokens.html", context, status=422 if form.errors else 200)


@require_POST
@for_roles(READS_LIST)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of the user's tokens."""
    token = get_object_or_404(Token, pk=pk, user=request.user)
    token.is_revoked = True
    with transaction.atomic():
        token.save(update_fields=["is_revoked"])
        record_event(Kind.TOKEN_REVOKED, request.user, detail={"token": token.pk})
    return redirect("tokens")
