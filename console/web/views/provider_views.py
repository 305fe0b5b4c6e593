"""The way to the provider and back; there is none where the site names no provider."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from console.web.first_things import BY_PROVIDER


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
