"""Forms about accounts."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.http import HttpRequest

from console.apps.accounts.jurisdiction import Level
from console.apps.accounts.models import User
from console.apps.accounts.roles import Role
from console.apps.audit.events import NOBODY, SYSTEM
from jobs.texts.languages import Texts
from jobs.texts.names import codes_of


class SignIn(AuthenticationForm):
    """Name and password; who is shut out hears the same as who mistyped."""

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        texts: Texts = request.texts
        self.error_messages = {"invalid_login": texts("sign_in.wrong"), "inactive": texts("sign_in.wrong")}
        self.fields["username"].label = texts("form.username")
        self.fields["password"].label = texts("form.password")
        self.fields["username"].max_length = 150


class OwnPassword(SetPasswordForm):
    """A new password, twice; the one that is had first, or whoever comes by an open screen could take the account over."""

    old_password = forms.CharField(strip=False, widget=forms.PasswordInput({"autocomplete": "current-password"}))
    field_order = ("old_password", "new_password1", "new_password2")

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request.user, *args, **kwargs)
        self.request = request
        texts: Texts = request.texts
        self.fields["old_password"].label = texts("form.old_password")
        if self.user.must_change_password:
            del self.fields["old_password"]  # it was typed just now, to sign in
        self.fields["new_password1"].label = texts("form.new_password")
        self.fields["new_password2"].label = texts("form.new_password_again")
        self.fields["new_password1"].help_text = texts("form.password_rule")

    def clean_old_password(self) -> str:
        """Asked as at sign-in, so that wrong ones count there too."""
        old: str = self.cleaned_data["old_password"]
        if authenticate(self.request, username=self.user.get_username(), password=old) is None:
            raise forms.ValidationError(self.request.texts("form.wrong_password"))
        return old

    def clean_new_password1(self) -> str:
        """Another one: a password that somebody else chose would else be kept by choosing it again."""
        new: str = self.cleaned_data["new_password1"]
        if self.user.check_password(new):
            raise forms.ValidationError(self.request.texts("form.same_password"))
        return new


class Account(forms.ModelForm):
    """A person's name, role and regions; regions one a line, as ``level code``."""

    regions = forms.CharField(required=False, max_length=2000, widget=forms.Textarea({"rows": 4}))

    class Meta:
        model = User
        fields = ("username", "role", "is_active")

    def __init__(self, texts: Texts, scheme: str | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts, self.scheme = texts, scheme
        for name in ("username", "role", "is_active", "regions"):
            self.fields[name].label = texts(f"form.{name}")
        self.fields["username"].help_text = ""
        self.fields["is_active"].help_text = ""
        self.fields["regions"].help_text = texts("form.regions_help")
        self.fields["role"].choices = [(role.value, texts(f"role.{role.value}")) for role in Role]
        if self.instance.pk:
            self.initial["regions"] = "\n".join(place.code or "all" for place in self.instance.jurisdictions.all())

    def clean_username(self) -> str:
        """Nobody bears a name by which the audit calls the system, or somebody else's in other letters."""
        name: str = unicodedata.normalize("NFKC", self.cleaned_data["username"])
        others = User.objects.filter(username__iexact=name).exclude(pk=self.instance.pk)
        if name.lower() in (SYSTEM, NOBODY) or others.exists():
            raise forms.ValidationError(self.texts("form.name_taken"))
        return name

    def clean_regions(self) -> list[tuple[str, str]]:
        """Levels and codes; the level is that of the code in the profile's scheme."""
        found: list[tuple[str, str]] = []
        for line in self.cleaned_data["regions"].split():
            if line == "all":
                found.append((Level.ALL, ""))
                continue
            if self.scheme is None:
                # Without a published profile nobody knows at which level a code is, and one of the wrong level shows nothing.
                raise forms.ValidationError(self.texts("form.regions_later"))
            known = codes_of(self.scheme)
            if known and line not in known:
                raise forms.ValidationError(self.texts("form.no_region", code=line))
            level = {1: Level.TOP, 2: Level.MIDDLE}.get(known[line].level, Level.CODE) if known else Level.CODE
            found.append((level, line))
        return list(dict.fromkeys(found))
