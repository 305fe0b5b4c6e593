"""A second factor: six digits that an app of one's own shows (TOTP, RFC 6238), after the password."""

from __future__ import annotations

from base64 import b32encode
from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_otp import login, verify_token
from django_otp.plugins.otp_totp.models import TOTPDevice

from console.apps.accounts.models import User
from console.apps.audit.chain import append
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind
from console.core.texts import Texts
from console.web.middleware import needs_second_factor


class Code(forms.Form):
    """The digits that the app shows now."""

    code = forms.RegexField(
        r"^\s*\d{3}\s?\d{3}\s*$",
        max_length=9,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}),
    )

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = texts(f"form.{name}")
        self.fields["code"].error_messages["invalid"] = texts("second.wrong")

    @property
    def digits(self) -> str:
        """The code without spaces."""
        return "".join(str(self.cleaned_data["code"]).split())


class CodeAndPassword(Code):
    """The digits, and the password once more: a session left open adds no factor and takes none away."""

    password = forms.CharField(max_length=4096, widget=forms.PasswordInput({"autocomplete": "current-password"}))
    field_order = ("password", "code")

    def __init__(self, texts: Texts, *args: Any, **kwargs: Any) -> None:
        super().__init__(texts, *args, **kwargs)
        self.fields["code"].widget.attrs.pop("autofocus")  # the password comes first


@sensitive_post_parameters()
def second_factor(request: HttpRequest) -> HttpResponse:
    """Where the digits are asked for after the password; wrong ones make the next try wait, longer each time."""
    if not request.user.has_second_factor or request.user.is_verified():
        return redirect("home")
    form = Code(request.texts, request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = _verified(request.user, _device(request.user), form.digits)
        if device is not None:
            login(request, device)
            append([event_facts(Kind.SECOND_FACTOR_PASSED, request.user)])
            return redirect("home")
        append([event_facts(Kind.SECOND_FACTOR_FAILED, request.user)])
        form.add_error("code", request.texts("second.wrong"))
    return render(request, "second_factor.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters()
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the secret, once, as a picture and as text; the first right code makes it the account's second factor."""
    user = request.user
    if user.has_second_factor:
        return render(request, "second_factor_set_up.html", {"form": CodeAndPassword(request.texts), "is_set_up": True})
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})
    form = CodeAndPassword(request.texts, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not _knows_password(request, form):
            form.add_error("password", request.texts("second.wrong_password"))
        elif _verified(user, device, form.digits) is None:
            form.add_error("code", request.texts("second.wrong"))
        else:
            with transaction.atomic():
                TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
                User.objects.filter(pk=user.pk).update(has_second_factor=True)
                append([event_facts(Kind.SECOND_FACTOR_ADDED, user, detail={"account": user.pk})])
            device.confirmed = True
            login(request, device)
            messages.success(request, request.texts("second.added"))
            return redirect("home")
    context = {"form": form, "picture": _picture(device.config_url), "secret": b32encode(device.bin_key).decode()}
    return render(request, "second_factor_set_up.html", context, status=422 if form.errors else 200)


@require_POST
@sensitive_post_parameters()
def remove(request: HttpRequest) -> HttpResponse:
    """Take one's own second factor away, with password and code, where one's role may do without."""
    user, form = request.user, CodeAndPassword(request.texts, request.POST)
    if not user.has_second_factor or needs_second_factor(user):
        messages.error(request, request.texts("second.needed"))
    elif not form.is_valid() or not _knows_password(request, form):
        messages.error(request, request.texts("second.wrong_either"))
    elif _verified(user, _device(user), form.digits) is None:
        append([event_facts(Kind.SECOND_FACTOR_FAILED, user)])
        messages.error(request, request.texts("second.wrong_either"))
    else:
        take_away(user, by=user)
        messages.success(request, request.texts("second.removed"))
    return redirect("second_factor_set_up")


def take_away(user: User, by: Any) -> bool:
    """Take somebody's second factor away; False where they have none. It is in the audit who did."""
    with transaction.atomic():
        had = User.objects.filter(pk=user.pk, has_second_factor=True).update(has_second_factor=False)
        TOTPDevice.objects.filter(user=user).delete()
        user.has_second_factor = False
        if had:
            append([event_facts(Kind.SECOND_FACTOR_REMOVED, by, detail={"account": user.pk})])
    return bool(had)


def _knows_password(request: HttpRequest, form: CodeAndPassword) -> bool:
    """Asked as at sign-in, so that wrong ones count there too, and are in the audit."""
    user: User = request.user
    return authenticate(request, username=user.get_username(), password=form.cleaned_data["password"]) == user


def _device(user: User) -> TOTPDevice | None:
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def _verified(user: User, device: TOTPDevice | None, digits: str) -> Any:
    return verify_token(user, device.persistent_id, digits) if device is not None else None


def _picture(address: str) -> str:
    """A QR code as SVG without a style, that stands in the page itself."""
    return mark_safe(segno.make_qr(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr"))
