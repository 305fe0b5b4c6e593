"""Pages of the second factor: ask for its code after the password, set it up, remove it."""

from __future__ import annotations

from base64 import b32encode
from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_otp import login
from django_otp.plugins.otp_totp.models import TOTPDevice

from console.apps.accounts.models import User
from console.apps.accounts.second_factor import (
    add_second_factor,
    device_of,
    needs_second_factor,
    new_device,
    remove_second_factor,
    verified_device,
)  # fmt: skip
from console.apps.audit.chain import record_event
from console.apps.audit.models import Kind
from console.web.forms.decisions import LabelledForm
from jobs.texts.languages import Texts


class CodeForm(LabelledForm):
    """The digits that the app shows now."""

    code = forms.RegexField(
        r"^\s*\d{3}\s?\d{3}\s*$",
        max_length=9,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}),
    )

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["code"].error_messages["invalid"] = texts("second.wrong")

    @property
    def digits(self) -> str:
        """The code without spaces."""
        return "".join(str(self.cleaned_data["code"]).split())


class CodeAndPasswordForm(CodeForm):
    """The digits and the password: an open session alone cannot add or remove a second factor."""

    password = forms.CharField(max_length=4096, widget=forms.PasswordInput({"autocomplete": "current-password"}))
    field_order = ("password", "code")

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["code"].widget.attrs.pop("autofocus")  # the password comes first


@sensitive_post_parameters()
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the digits after the password."""
    if not request.user.has_second_factor or request.user.is_verified():
        return redirect("home")
    form = CodeForm(request.texts, request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = verified_device(request.user, device_of(request.user), form.digits)
        if device is not None:
            _sign_in_with(request, device)
            record_event(Kind.SECOND_FACTOR_PASSED, request.user)
            return redirect("home")
        record_event(Kind.SECOND_FACTOR_FAILED, request.user)
        form.add_error("code", request.texts("second.wrong"))
    return render(request, "second_factor.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters()
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the secret as a picture and as text until the first right code confirms it as the account's second factor."""
    user = request.user
    if user.has_second_factor:
        return render(request, "second_factor_set_up.html", {"form": CodeAndPasswordForm(request.texts), "is_set_up": True})
    device = new_device(user)
    form = CodeAndPasswordForm(request.texts, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not _knows_password(request, form):
            form.add_error("password", request.texts("second.wrong_password"))
        elif verified_device(user, device, form.digits) is None:
            form.add_error("code", request.texts("second.wrong"))
        else:
            add_second_factor(user, device)
            _sign_in_with(request, device)
            messages.success(request, request.texts("second.added"))
            return redirect("home")
    context = {"form": form, "picture": _picture(device.config_url), "secret": b32encode(device.bin_key).decode()}
    return render(request, "second_factor_set_up.html", context, status=422 if form.errors else 200)


@require_POST
@sensitive_post_parameters()
def remove(request: HttpRequest) -> HttpResponse:
    """Remove the user's own second factor, with password and code, if the role does not require one."""
    user, form = request.user, CodeAndPasswordForm(request.texts, request.POST)
    if not user.has_second_factor or needs_second_factor(user):
        messages.error(request, request.texts("second.needed"))
    elif not form.is_valid() or not _knows_password(request, form):
        messages.error(request, request.texts("second.wrong_either"))
    elif verified_device(user, device_of(user), form.digits) is None:
        record_event(Kind.SECOND_FACTOR_FAILED, user)
        messages.error(request, request.texts("second.wrong_either"))
    else:
        remove_second_factor(user, by=user)
        messages.success(request, request.texts("second.removed"))
    return redirect("second_factor_set_up")


def _sign_in_with(request: HttpRequest, device: TOTPDevice) -> None:
    """Mark the session as signed in with the device, under another key: a key from before the digits opens nothing."""
    request.session.cycle_key()
    rotate_token(request)
    login(request, device)


def _knows_password(request: HttpRequest, form: CodeAndPasswordForm) -> bool:
    """Check the password in the same way as at sign-in, so that wrong ones count there and are in the audit."""
    user: User = request.user
    return authenticate(request, username=user.get_username(), password=form.cleaned_data["password"]) == user


def _picture(address: str) -> str:
    """A QR code as an inline SVG without styles."""
    return mark_safe(segno.make_qr(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr"))
