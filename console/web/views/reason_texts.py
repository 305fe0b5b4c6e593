"""The words that decisions are made of, as each language shows them, with how often each was chosen."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.apps.accounts.roles import KEEPS_ACCOUNTS
from console.apps.decisions import catalogue
from console.apps.decisions.models import Decision
from console.core.texts import LANGUAGES
from console.web.access import for_roles

OF_ACTIONS = {
    "dismiss": ("dismiss", "propose"),
    "defer": ("defer",),
    "visit": ("visit",),
    "refuse": ("refuse",),
    "reopen": ("reopen",),
}
"""The kinds that an action's reason is chosen of, with the actions."""
CHOSEN = ("objective", "kind", "proportion")


@for_roles(KEEPS_ACCOUNTS)
def reason_texts(request: HttpRequest) -> HttpResponse:
    """Every kind with its codes. They are changed in the catalogue's file, so that each is in every language and none is lost."""
    used = _used()
    kinds = [(kind, [_row(kind, code, used) for code in catalogue.codes(kind)]) for kind in (*OF_ACTIONS, *CHOSEN)]
    return render(request, "reason_texts.html", {"kinds": kinds})


def _row(kind: str, code: str, used: Counter[tuple[str, str]]) -> tuple[str, list[tuple[str, str]], int]:
    return code, [(language, catalogue.words(kind, code, language)) for language in LANGUAGES], used[kind, code]


def _used() -> Counter[tuple[str, str]]:
    """How often each code was chosen, over all regions: a number tells of no entity."""
    found: Counter[tuple[str, str]] = Counter()
    kind_of = {action: kind for kind, actions in OF_ACTIONS.items() for action in actions}
    rows: Any = Decision.objects.filter(action__in=kind_of).order_by().values_list("action", "reason", "chosen")
    for action, reason, chosen in rows.iterator(chunk_size=2000):
        found[kind_of[action], reason] += 1
        found.update((kind, code) for kind, code in chosen.items() if kind in CHOSEN)
    return found
