"""The table of the risk list, rendered by Jinja: its compiled templates are faster than Django's for fifty rows with many tags."""

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
TAGS = (data, person, region, sentence, t, word)


@register.simple_tag(takes_context=True)
def entities(context: template.Context) -> SafeString:
    """The head and the rows, with the context and the tags of the page."""
    values: dict[str, Any] = context.flatten()
    tags = {tag.__name__: partial(tag, values) for tag in TAGS}
    # Jinja escapes like Django.
    return SafeString(render_to_string("entities.html", {**values, **tags, "number": number, "url": _url}, using="jinja2"))


def _url(name: str, *args: str) -> str:
    return reverse(name, args=args)
