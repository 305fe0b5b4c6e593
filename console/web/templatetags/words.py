"""Template tags for texts, names of codes, numbers and dates in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe

from console.apps.accounts.models import User
from console.apps.accounts.roles import SEES_WHO_DECIDED
from console.apps.decisions import catalogue
from console.apps.decisions.models import Decision
from console.apps.ranking.models import Reason
from console.web.form_errors import errors_of, sent_form
from console.web.queries.list_filters import FILTERS, filter_value_name
from jobs.texts.checks import check_name, column_name
from jobs.texts.checks import why as why_of
from jobs.texts.codes import industries_of, regions_of
from jobs.texts.languages import LANGUAGE_OF_HAN, Texts, base_of, language_of
from jobs.texts.numbers import MONEY, number, value_with_unit
from jobs.texts.outages import outage_in_words
from jobs.texts.peer_groups import peer_group_in_words
from jobs.texts.settings import TextSettings

register = template.Library()
_SELECTED = mark_safe(" selected")
OPTIONS_CACHED = 8192
"""Options that a process caches: those of all code lists in three languages, a few megabytes."""


@register.simple_tag(takes_context=True)
def t(context: dict[str, Any], key: str, **values: Any) -> str:
    """The text of a key."""
    return str(conditional_escape(_texts(context)(key, **values)))


@register.simple_tag(takes_context=True)
def word(context: dict[str, Any], section: str, value: object, **values: Any) -> str:
    """The text of a value, such as a state, filled in, or the value itself if it has no text."""
    texts, key = _texts(context), f"{section}.{value}"
    return texts(key, **values) if key in texts.words else str(value).replace("_", " ")


@register.simple_tag(takes_context=True)
def data(context: dict[str, Any], text: str) -> SafeString | str:
    """Text from the data, with a ``lang`` attribute if its language is not that of the page."""
    return _marked(context, text or "", language_of(text or "") or _texts(context).language)


@register.simple_tag(takes_context=True)
def lang(context: dict[str, Any], name: str) -> SafeString | str:
    """The ``lang`` attribute for the name of a code, for elements such as options that cannot contain a ``span``."""
    return _lang(name, _marks_chinese(context))


@register.simple_tag(takes_context=True)
def options(context: dict[str, Any], choices: Iterable[Any], chosen: str, section: str = "") -> SafeString:
    """The options of a select. Some selects have hundreds, for which a template loop is too slow.

    Args:
        context: the context of the page.
        choices: values with names; with a ``section`` only values, named by :func:`word`.
        chosen: the selected value.
        section: a section of the texts.
    """
    named = ((value, word(context, section, value)) for value in choices) if section else choices
    marks_chinese = _marks_chinese(context)
    return SafeString("".join(_option(str(value), str(name), str(value) == chosen, marks_chinese) for value, name in named))


@lru_cache(maxsize=OPTIONS_CACHED)
def _option(value: str, name: str, is_chosen: bool, marks_chinese: bool) -> SafeString:
    # Escape also text marked as safe: the cache does not distinguish it from equal unsafe text.
    language, selected = _lang(name, marks_chinese), _SELECTED if is_chosen else ""
    return format_html('<option value="{}"{}{}>{}</option>', escape(value), language, selected, escape(name))


@register.simple_tag(takes_context=True)
def region(context: dict[str, Any], code: str) -> SafeString | str:
    """The name of a region."""
    if not code:
        return _texts(context)("word.unknown")
    return _named(context, regions_of(context["profile"]).name(code, _texts(context).language))


@register.simple_tag(takes_context=True)
def region_path(context: dict[str, Any], code: str) -> SafeString | str:
    """The name of a region with those above it."""
    if not code:
        return _texts(context)("word.unknown")
    return _named(context, regions_of(context["profile"]).path(code, _texts(context).language))


@register.simple_tag(takes_context=True)
def industry(context: dict[str, Any], code: str) -> str:
    """The name of an industry."""
    return industries_of(context["profile"]).name(code, _texts(context).language) if code else _texts(context)("word.unknown")


@register.simple_tag(takes_context=True)
def filter_value(context: dict[str, Any], name: str, value: str) -> SafeString | str:
    """The name of a value of a filter of the list."""
    text = filter_value_name(name, value, context["user"], _texts(context), context["profile"])
    if FILTERS[name].is_code:
        return _named(context, text)
    return data(context, text) if FILTERS[name].is_data else text


@register.simple_tag(takes_context=True)
def peers(context: dict[str, Any], label: str) -> str:
    """A peer group in words."""
    return peer_group_in_words(label, _texts(context), TextSettings.of_stored(context["profile"]))


@register.simple_tag(takes_context=True)
def sentence(context: dict[str, Any], reason: Reason) -> str:
    """A reason in the page's language."""
    return reason.sentence(_texts(context).language)


@register.simple_tag(takes_context=True)
def said(context: dict[str, Any], reason: Reason, what: str) -> str:
    """Another text of a reason in the page's language: ``basis`` or ``change``."""
    return str(getattr(reason, what)(_texts(context).language))


@register.simple_tag(takes_context=True)
def check(context: dict[str, Any], row: Mapping[str, Any]) -> SafeString | str:
    """The name of a check; in English, with a ``lang`` attribute, if there is no translation."""
    return _marked(context, *check_name(row, _texts(context).language))


@register.simple_tag(takes_context=True)
def why(context: dict[str, Any], source: Mapping[str, Any]) -> str:
    """Why a source has its verdict."""
    text, language = why_of(source, _texts(context).language)
    return text if language == _texts(context).language else ""


@register.simple_tag(takes_context=True)
def outage(context: dict[str, Any], source: Mapping[str, Any]) -> str:
    """What is done while a source has stopped; empty if it has not."""
    return outage_in_words(source.get("outage"), _texts(context))


@register.simple_tag(takes_context=True)
def measured(context: dict[str, Any], value: float | None, unit: str) -> str:
    """A value of an indicator, in its unit."""
    return value_with_unit(value, unit, _texts(context), TextSettings.of_stored(context["profile"]))


@register.simple_tag(takes_context=True)
def fact(context: dict[str, Any], name: str, value: Any) -> SafeString:
    """The name of a column of a record and its value; the section ``fact`` has the words for codes."""
    texts = _texts(context)
    shown = data(context, texts.either(f"fact.{name}_{value}", str(value)))
    if isinstance(value, bool):
        shown = texts("word.yes" if value else "word.no")
    elif name.endswith("_minor"):
        shown = measured(context, value, MONEY)
    return format_html("{} {}", _marked(context, *column_name(name, texts.language)), shown)


@register.simple_tag(takes_context=True)
def chosen(context: dict[str, Any], kind: str, code: str) -> str:
    """A code of the catalogue of decisions."""
    return catalogue.words(kind, str(code), _texts(context).language) if code else ""


@register.simple_tag(takes_context=True)
def by(context: dict[str, Any], decision: Decision) -> str:
    """Who decided, as far as the reader's role may see it."""
    return _texts(context)("decide.system") if decision.actor is None else person(context, decision.actor)


@register.simple_tag(takes_context=True)
def person(context: dict[str, Any], user: User) -> str:
    """The name of a user, or only the role if the reader may not see who decided."""
    role = user.role
    return str(user.username) if context["user"].role in SEES_WHO_DECIDED else _texts(context).either(f"role.{role}", role)


@register.simple_tag(takes_context=True)
def day(context: dict[str, Any], value: date | datetime | str | None) -> SafeString | str:
    """A date."""
    if not value:
        return _texts(context)("word.none")
    on = value if isinstance(value, str) else _local(context, value).strftime("%Y-%m-%d")
    return format_html('<time datetime="{}">{}</time>', on, on)


@register.simple_tag(takes_context=True)
def instant(context: dict[str, Any], value: datetime | str | None) -> SafeString | str:
    """A date and time in the profile's time zone."""
    if not value:
        return _texts(context)("word.none")
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), _local(context, at).strftime("%Y-%m-%d %H:%M"))


@register.inclusion_tag("errors.html", takes_context=True)
def errors(context: dict[str, Any]) -> dict[str, Any]:
    """The errors of the submitted form, for the top of the page."""
    form, texts = sent_form(context), _texts(context)
    return {"texts": texts, "form_errors": errors_of(form, texts) if form else []}


@register.simple_tag(takes_context=True)
def errors_begin_title(context: dict[str, Any]) -> str:
    """The beginning of the page title after an invalid form, which screen readers read first."""
    return _texts(context)("errors.title") if sent_form(context) else ""


register.filter("number", number)


@register.filter
def percent(value: float | None) -> str:
    """A share as a percentage."""
    return "–" if value is None else f"{value * 100:.1f}%"


def _named(context: dict[str, Any], name: str) -> SafeString | str:
    """The name of a code. Chinese pages have it in their script; others may have it only in Chinese."""
    return data(context, name) if _marks_chinese(context) else name


def _marked(context: dict[str, Any], text: str, language: str) -> SafeString | str:
    """A text, with a ``lang`` attribute if its language is not that of the page."""
    return text if language == _texts(context).language else format_html('<span lang="{}">{}</span>', language, text)


def _marks_chinese(context: dict[str, Any]) -> bool:
    return base_of(_texts(context).language) != LANGUAGE_OF_HAN


def _lang(name: str, marks_chinese: bool) -> SafeString | str:
    language = language_of(name) if marks_chinese else ""
    return format_html(' lang="{}"', language) if language else ""


def _local(context: dict[str, Any], value: date | datetime) -> date | datetime:
    zone = str(context["profile"].get("time_zone", "UTC"))
    return value.astimezone(ZoneInfo(zone)) if isinstance(value, datetime) else value


def _texts(context: dict[str, Any]) -> Texts:
    texts: Texts = context["texts"]
    return texts
