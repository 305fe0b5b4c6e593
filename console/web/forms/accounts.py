"""Forms for sign-in, passwords and accounts."""

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
from jobs.texts.codes import Codes
from jobs.texts.languages import Texts


class SignInForm(AuthenticationForm):
    """Name and password. A deactivated account gets the same message as a wrong password."""

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        texts: Texts = request.texts
        self.error_messages = {"invalid_login": texts("sign_in.wrong"), "inactive": texts("sign_in.wrong")}
        self.fields["username"].label = texts("form.username")
        self.fields["password"].label = texts("form.password")
        self.fields["username"].max_length = 150


class OwnPasswordForm(SetPasswordForm):
    """A new password, twice, after the old one: an unattended session alone cannot take over the account."""

    old_password = forms.CharField(strip=False, widget=forms.PasswordInput({"autocomplete": "current-password"}))
    field_order = ("old_password", "new_password1", "new_password2")

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request.user, *args, **kwargs)
        self.request = request
        texts: Texts = request.texts
        self.fields["old_password"].label = texts("form.old_password")
        if self.user.must_change_password:
            del self.fields["old_password"]  # the user has just signed in with it
        self.fields["new_password1"].label = texts("form.new_password")
        self.fields["new_password2"].label = texts("form.new_password_again")
        self.fields["new_password1"].help_text = texts("form.password_rule")

    def clean_old_password(self) -> str:
        """Check it in the same way as at sign-in, so that wrong passwords count there."""
        old: str = self.cleaned_data["old_password"]
        if authenticate(self.request, username=self.user.get_username(), password=old) is None:
            raise forms.ValidationError(self.request.texts("form.wrong_password"))
        return old

    def clean_new_password1(self) -> str:
        """Refuse the old password: a password that an administrator set must not stay."""
        new: str = self.cleaned_data["new_password1"]
        if self.user.check_password(new):
            raise forms.ValidationError(self.request.texts("form.same_password"))
        return new


class AccountForm(forms.ModelForm):
    """Name, role and regions of a user; one region code, or ``all``, a line."""

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
        """Refuse the names that the audit uses for the system, and the name of another user in other letters."""
        name: str = unicodedata.normalize("NFKC", self.cleaned_data["username"])
        others = User.objects.filter(username__iexact=name).exclude(pk=self.instance.pk)
        if name.lower() in (SYSTEM, NOBODY) or others.exists():
            raise forms.ValidationError(self.texts("form.name_taken"))
        return name

    def clean_regions(self) -> list[tuple[str, str]]:
        """Levels and codes. The level is that of the code in the region scheme of the profile."""
        found: list[tuple[str, str]] = []
        for line in self.cleaned_data["regions"].split():
            if line == "all":
                found.append((Level.ALL, ""))
                continue
            if self.scheme is None:
                # Without a published profile the level is unknown; a wrong level would show no entities.
                raise forms.ValidationError(self.texts("form.regions_later"))
            known = Codes(self.scheme).entries
            if known and line not in known:
                raise forms.ValidationError(self.texts("form.no_region", code=line))
            level = {1: Level.TOP, 2: Level.MIDDLE}.get(known[line].level, Level.CODE) if known else Level.CODE
            found.append((level, line))
        return list(dict.fromkeys(found))
