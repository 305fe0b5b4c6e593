"""Sign in, sign out, choose a password and a language; keep accounts.

The way to the provider and back; there is none where the site names no provider.
"""

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

from console.apps.accounts.deactivation import end_access
from console.apps.accounts.models import Jurisdiction, User
from console.apps.accounts.roles import KEEPS_ACCOUNTS
from console.apps.accounts.second_factor import remove_second_factor
from console.apps.accounts.sign_in_attempts import remember_device
from console.apps.audit.chain import append
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind
from console.apps.decisions.hand_over import open_cases_of
from console.apps.ranking.current_policy import current_policy
from console.web.access import for_roles, note_view
from console.web.forms.accounts import Account, OwnPassword, SignIn
from console.web.middleware import BY_PROVIDER
from jobs.texts.languages import LANGUAGES


@method_decorator(login_not_required, name="dispatch")
class SignInView(LoginView):
    """The page where one signs in."""

    template_name = "sign_in.html"
    authentication_form = SignIn
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A name and a password; refused where the provider is the only way in."""
        if (settings.OIDC_PROVIDER or {}).get("is_only_way"):
            raise Http404
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        """Signed in, from a device that is known from now on."""
        response: HttpResponse = super().form_valid(form)
        remember_device(self.request, response, form.get_user())
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Which ways in there are, and whether the provider's just failed."""
        provider = settings.OIDC_PROVIDER
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "has_provider": provider is not None,
            "has_passwords": not (provider or {}).get("is_only_way"),
            "is_refused": self.request.GET.get("refused") == "provider",
        }


def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """What somebody sees after too many wrong passwords."""
    return render(request, "failure.html", {"what": "locked_out"}, status=429)


def own_password(request: HttpRequest) -> HttpResponse:
    """Choose a password of one's own; there is none to choose in a session that the provider opened, which never asked for one."""
    if request.session.get(BY_PROVIDER):
        raise Http404
    form = OwnPassword(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            user = form.save(commit=False)
            user.must_change_password = False
            user.save()
            # Whoever suspects that somebody else knows the password shuts that one out with it, programs too.
            append([event_facts(Kind.PASSWORD_CHANGED, user, detail={"tokens_revoked": _revoke_tokens(user)})])
        update_session_auth_hash(request, user)
        messages.success(request, request.texts("message.password_changed"))
        return redirect("home")
    return render(request, "own_password.html", {"form": form}, status=422 if form.errors else 200)


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Choose a language; kept with the account, or in a cookie before one signs in."""
    there = request.POST.get("next", "/")
    # An address of ours, and no name of a route, which ``redirect`` would look for.
    is_ours = url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(there if is_ours and there.startswith("/") else "/")
    chosen = request.POST.get("language", "")
    if chosen in LANGUAGES:
        if request.user.is_authenticated:
            User.objects.filter(pk=request.user.pk).update(language=chosen)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, secure=settings.HTTPS, httponly=True, samesite="Lax"
        )
    return response


@require_POST
def keys(request: HttpRequest) -> HttpResponse:
    """Switch the page's keys on or off."""
    User.objects.filter(pk=request.user.pk).update(uses_keys=request.POST.get("keys") == "on")
    return redirect("help")


@require_POST
def going_on(request: HttpRequest) -> HttpResponse:
    """Choose whether a decision leads to the next of the list, or back to the entity's page."""
    User.objects.filter(pk=request.user.pk).update(goes_on=request.POST.get("goes_on") == "on")
    return redirect("help")


@for_roles(KEEPS_ACCOUNTS)
def accounts(request: HttpRequest) -> HttpResponse:
    """Everybody's account."""
    note_view(request, "accounts")
    return render(request, "accounts.html", {"users": User.objects.prefetch_related("jurisdictions")})


@for_roles(KEEPS_ACCOUNTS)
def account(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make an account, or change one. A password made here is shown once, and its owner must choose another."""
    user = get_object_or_404(User, pk=pk) if pk is not None else None
    profile = current_policy().profile
    scheme = str(profile.get("region_scheme", "")) if profile else None
    form = Account(request.texts, scheme, request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        if user is not None and user.pk == request.user.pk and _is_beyond_oneself(request, form):
            form.add_error(None, request.texts("form.not_yourself"))
        else:
            if user is not None and request.POST.get("no_second_factor") == "on":
                remove_second_factor(user, by=request.user)
            password = _save(request, form, is_new=pk is None)
            context = {"account": form.instance, "password": password, "left": open_cases_of(form.instance).count()}
            return render(request, "account_saved.html", context)
    note_view(request, "account", account=pk)
    return render(request, "account.html", {"form": form, "account": user})


def _revoke_tokens(user: User) -> int:
    """Take all tokens of somebody's back; give how many there were."""
    return int(user.tokens.filter(is_revoked=False).update(is_revoked=True))


def _is_beyond_oneself(request: HttpRequest, form: Account) -> bool:
    """Whether a form asks what nobody does to their own account here: to shut it, or change its role, or, past the pages that ask
    for password and digits, to give it another password or take its second factor away, as whoever finds the screen open would."""
    return (
        not form.cleaned_data["is_active"]
        or form.cleaned_data["role"] != form.initial["role"]
        or any(request.POST.get(name) == "on" for name in ("new_password", "no_second_factor"))
    )


def _save(request: HttpRequest, form: Account, *, is_new: bool) -> str:
    """Keep the account; give the new password where one was made."""
    password = ""
    with transaction.atomic():
        user = form.save(commit=False)
        if is_new or request.POST.get("new_password") == "on":
            password = secrets.token_urlsafe(12)
            user.set_password(password)
            user.must_change_password = True
        revoked = 0
        if user.pk and not user.is_active:
            revoked = end_access(user)
        elif user.pk and password:
            # What was made with the old password opens nothing any more; nor do sessions, which know it.
            revoked = _revoke_tokens(user)
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
        append([event_facts(Kind.ACCOUNT_MADE if is_new else Kind.ACCOUNT_CHANGED, request.user, detail=detail)])
    return password


class _Back(OIDCAuthenticationCallbackView):
    def login_success(self) -> HttpResponse:
        """Signed in: the session says that the provider opened it."""
        response: HttpResponse = super().login_success()
        self.request.session[BY_PROVIDER] = True
        return response


@login_not_required
def to_provider(request: HttpRequest) -> HttpResponse:
    """Go to the provider."""
    _check_named()
    response: HttpResponse = OIDCAuthenticationRequestView.as_view()(request)
    return response


@login_not_required
def back(request: HttpRequest) -> HttpResponse:
    """Come back from it."""
    _check_named()
    response: HttpResponse = _Back.as_view()(request)
    return response


def _check_named() -> None:
    if settings.OIDC_PROVIDER is None:
        raise Http404
