"""Saved views of the list."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from console.apps.accounts.roles import READS_LIST
from console.apps.desk.models import SavedView
from console.web.access import for_roles
from console.web.queries.list_filters import Filters

MOST = 30
LONGEST = 60


@require_POST
@for_roles(READS_LIST)
def save_view(request: HttpRequest) -> HttpResponse:
    """Save the filters of the list under a name; a view of that name is replaced."""
    filters = Filters.read(QueryDict(request.POST.get("query", "")[:2000]))
    name = request.POST.get("name", "").replace("\x00", "").strip()
    mine = SavedView.objects.filter(user=request.user)
    if not name or len(name) > LONGEST:
        messages.error(request, request.texts("view.no_name", n=LONGEST))
    elif mine.exclude(name=name).count() >= MOST:
        messages.error(request, request.texts("view.too_many", n=MOST))
    else:
        SavedView.objects.update_or_create(user=request.user, name=name, defaults={"filters": filters.given()})
        messages.success(request, request.texts("view.saved"))
    return redirect(f"{reverse('risk_list')}?{filters.query()}")


@require_POST
@for_roles(READS_LIST)
def remove_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one of the user's views."""
    get_object_or_404(SavedView, pk=pk, user=request.user).delete()
    messages.success(request, request.texts("view.removed"))
    return redirect("risk_list")


def saved_views(user: Any, shown: Filters) -> list[tuple[SavedView, str, bool]]:
    """A user's views, each with its query and whether the list shows it."""
    views = [(view, Filters.read(view.filters)) for view in SavedView.objects.filter(user=user)]
    return [(view, filters.query(), filters == shown) for view, filters in views]
