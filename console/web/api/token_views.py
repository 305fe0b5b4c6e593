"""The page where a person makes tokens and takes them back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from console.apps.accounts.roles import READS_LIST
from console.apps.api.models import Token
from console.apps.api.tokens import LONGEST_DAYS, MOST_TOKENS, live_tokens, make_token, scopes_of
from console.apps.audit.chain import append
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind
from console.apps.ranking.current_policy import current_date
from console.web.access import for_roles
from jobs.texts.languages import Texts


class TokenForm(forms.Form):
    """A name, what for, and until when."""

    name = forms.CharField(max_length=60)
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    expires_on = forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, texts: Texts, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts, self.user = texts, user
        for name, field in self.fields.items():
            field.label = texts.either(f"token.{name}", name)
        self.fields["scopes"].choices = [(str(scope), texts.either(f"scope.{scope}", str(scope))) for scope in scopes_of(user)]

    def clean(self) -> dict[str, Any]:
        """Not more than can be kept in sight: each may ask so often a minute."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if live_tokens(self.user).count() >= MOST_TOKENS:
            raise forms.ValidationError(self.texts("token.too_many", n=MOST_TOKENS))
        return said

    def clean_expires_on(self) -> Any:
        """Not past, and not too far."""
        on, today = self.cleaned_data["expires_on"], current_date()
        if not today <= on <= today + timedelta(days=LONGEST_DAYS):
            raise forms.ValidationError(self.texts("token.wrong_day", n=LONGEST_DAYS))
        return on


@for_roles(READS_LIST)
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own tokens; a new one is shown once."""
    form = TokenForm(request.texts, request.user, request.POST or None)
    text = ""
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        text = make_token(request.user, said["name"], said["scopes"], said["expires_on"])
        form = TokenForm(request.texts, request.user)
    context = {"form": form, "text": text, "tokens": Token.objects.filter(user=request.user), "today": current_date()}
    return render(request, "tokens.html", context, status=422 if form.errors else 200)


@require_POST
@for_roles(READS_LIST)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own token back."""
    token = get_object_or_404(Token, pk=pk, user=request.user)
    token.is_revoked = True
    token.save(update_fields=["is_revoked"])
    append([event_facts(Kind.TOKEN_REVOKED, request.user, detail={"token": token.pk})])
    return redirect("tokens")
