"""Who may open a page at all, by role; what is on it is bounded by :meth:`InJurisdiction.visible_to`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

View = Callable[..., HttpResponse]


def for_roles(roles: Collection[str]) -> Callable[[View], View]:
    """The page is not there for other roles; that it exists is no news to them."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.role not in roles:
                raise Http404
            return view(request, *args, **kwargs)

        # Read by whoever wants to know of each address who may open it, such as a test.
        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return decorate
