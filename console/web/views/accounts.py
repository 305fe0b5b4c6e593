"""Sign-in, also through a provider; the user's own password, language and preferences; the pages that manage accounts."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from console.apps.accounts.models import Jurisdiction, User
from console.apps.accounts.roles import KEEPS_ACCOUNTS
from console.apps.accounts.second_factor import remove_second_factor
from console.apps.accounts.sign_in_attempts import remember_device
from console.apps.audit.chain import record_event
from console.apps.audit.models import Kind
from console.apps.decisions.hand_over import open_cases_of
from console.apps.ranking.current_policy import current_policy
from console.web.access import for_roles, note_view
from console.web.forms.accounts import AccountForm, OwnPasswordForm, SignInForm
from console.web.middleware import BY_PROVIDER
from jobs.texts.languages import LANGUAGES


@method_decorator(login_not_required, name="dispatch")
class SignInView(LoginView):
    """The sign-in page."""

    template_name = "sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign in with name and password, unless the provider is the only way in."""
        if (settings.OIDC_PROVIDER or {}).get("is_only_way"):
            raise Http404
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in and remember the device."""
        response: HttpResponse = super().form_valid(form)
        remember_device(self.request, response, form.get_user())
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The ways to sign in, and whether a sign-in through the provider has just failed."""
        provider = settings.OIDC_PROVIDER
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "has_provider": provider is not None,
            "has_passwords": not (provider or {}).get("is_only_way"),
            "is_refused": self.request.GET.get("refused") == "provider",
        }


def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """The page after too many wrong passwords."""
    return render(request, "failure.html", {"what": "locked_out", "n": current_policy().sign_in.lock_minutes}, status=429)


class _ProviderCallback(OIDCAuthenticationCallbackView):
    def login_success(self) -> HttpResponse:
        """Mark the session as opened by the provider."""
        response: HttpResponse = super().login_success()
        self.request.session[BY_PROVIDER] = True
        return response


@login_not_required
def to_provider(request: HttpRequest) -> HttpResponse:
    """Redirect to the provider."""
    _require_provider()
    response: HttpResponse = OIDCAuthenticationRequestView.as_view()(request)
    return response


@login_not_required
def from_provider(request: HttpRequest) -> HttpResponse:
    """Sign in with the provider's answer."""
    _require_provider()
    response: HttpResponse = _ProviderCallback.as_view()(request)
    return response


def _require_provider() -> None:
    if settings.OIDC_PROVIDER is None:
        raise Http404


def own_password(request: HttpRequest) -> HttpResponse:
    """Choose a new password. Sessions opened by the provider have none."""
    if request.session.get(BY_PROVIDER):
        raise Http404
    form = OwnPasswordForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            user = form.save(commit=False)
            user.must_change_password = False
            user.save()
            # If somebody else knows the old password, their tokens must stop to work too.
            record_event(Kind.PASSWORD_CHANGED, user, detail={"tokens_revoked": user.revoke_tokens()})
        update_session_auth_hash(request, user)
        messages.success(request, request.texts("message.password_changed"))
        return redirect("home")
    return render(request, "own_password.html", {"form": form}, status=422 if form.errors else 200)


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Choose a language. It is stored in a cookie, and with the account of a signed-in user."""
    next_url = request.POST.get("next", "/")
    # Only a path of this site: ``redirect`` would also accept the name of a route.
    is_ours = url_has_allowed_host_and_scheme(next_url, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(next_url if is_ours and next_url.startswith("/") else "/")
    chosen = request.POST.get("language", "")
    if chosen in LANGUAGES:
        if request.user.is_authenticated:
            User.objects.filter(pk=request.user.pk).update(language=chosen)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, secure=settings.HTTPS, httponly=True, samesite="Lax"
        )
    return response


@require_POST
def switch_shortcuts(request: HttpRequest) -> HttpResponse:
    """Switch keyboard shortcuts on or off."""
    User.objects.filter(pk=request.user.pk).update(uses_keys=request.POST.get("keys") == "on")
    return redirect("help")


@require_POST
def choose_next_page(request: HttpRequest) -> HttpResponse:
    """Choose whether a decision leads to the next entity of the list or back to the entity's page."""
    User.objects.filter(pk=request.user.pk).update(goes_on=request.POST.get("goes_on") == "on")
    return redirect("help")


@for_roles(KEEPS_ACCOUNTS)
def accounts(request: HttpRequest) -> HttpResponse:
    """All accounts."""
    note_view(request, "accounts")
    return render(request, "accounts.html", {"users": User.objects.prefetch_related("jurisdictions")})


@for_roles(KEEPS_ACCOUNTS)
def account(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Create or change an account. A password made here is shown once, and the user must change it."""
    user = get_object_or_404(User, pk=pk) if pk is not None else None
    profile = current_policy().profile
    scheme = str(profile.get("region_scheme", "")) if profile else None
    form = AccountForm(request.texts, scheme, request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        if user is not None and user.pk == request.user.pk and _is_forbidden_to_self(request, form):
            form.add_error(None, request.texts("form.not_yourself"))
        else:
            if user is not None and request.POST.get("no_second_factor") == "on":
                remove_second_factor(user, by=request.user)
            password = _save(request, form, is_new=pk is None)
            context = {"account": form.instance, "password": password, "left": open_cases_of(form.instance).count()}
            return render(request, "account_saved.html", context)
    note_view(request, "account", account=pk)
    return render(request, "account.html", {"form": form, "account": user})


def _is_forbidden_to_self(request: HttpRequest, form: AccountForm) -> bool:
    """Whether the form asks for a change that administrators may not make to their own account here.

    They may not deactivate it, change its role, or replace its password or second factor, which would bypass the pages that ask
    for the password and a code.
    """
    return (
        not form.cleaned_data["is_active"]
        or form.cleaned_data["role"] != form.initial["role"]
        or any(request.POST.get(name) == "on" for name in ("new_password", "no_second_factor"))
    )


def _save(request: HttpRequest, form: AccountForm, *, is_new: bool) -> str:
    """Store the account; return the new password, if one was made."""
    password = ""
    with transaction.atomic():
        user = form.save(commit=False)
        if is_new or request.POST.get("new_password") == "on":
            password = secrets.token_urlsafe(12)
            user.set_password(password)
            user.must_change_password = True
        revoked = 0
        if user.pk and not user.is_active:
            revoked = user.end_access()
        elif user.pk and password:
            # Tokens made with the old password stop to work. Sessions end with the password by themselves.
            revoked = user.revoke_tokens()
        user.save()
        user.jurisdictions.all().delete()
        regions = form.cleaned_data["regions"]
        Jurisdiction.objects.bulk_create([Jurisdiction(user=user, level=level, code=code) for level, code in regions])
        detail = {
            "account": user.pk,
            "username": user.username,
            "role": user.role,
            "is_active": user.is_active,
            "regions": regions,
            "new_password": bool(password),
            "tokens_revoked": revoked,
        }
        record_event(Kind.ACCOUNT_MADE if is_new else Kind.ACCOUNT_CHANGED, request.user, detail=detail)
    return password
