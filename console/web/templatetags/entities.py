"""The rows of the risk list: fifty a page with a dozen words each, made by Jinja, which compiles its templates.

Django's own go through each word of each row as through a tree: a third of a page's calls went there.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from console.web.templatetags.words import data, person, region, sentence, t, word
from jobs.texts.numbers import number

register = template.Library()
SAID = (data, person, region, sentence, t, word)


@register.simple_tag(takes_context=True)
def entities(context: template.Context) -> SafeString:
    """The page's rows, with what the page knows and the same words."""
    known: dict[str, Any] = context.flatten()
    said = {of.__name__: partial(of, known) for of in SAID}
    # Safe: Jinja escapes as Django does.
    return SafeString(render_to_string("entities.html", {**known, **said, "number": number, "url": _url}, using="jinja2"))


def _url(name: str, *args: str) -> str:
    return reverse(name, args=args)
