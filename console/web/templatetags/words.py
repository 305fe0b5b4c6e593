"""Words of the page's language, and codes and numbers as people read them."""

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
from console.apps.campaigns.models import Campaign
from console.apps.decisions import catalogue
from console.apps.decisions.models import Decision
from console.apps.ranking.models import Ranked, Reason
from console.web.form_errors import sent_form, wrongs_of
from jobs.texts.checks import check_name
from jobs.texts.checks import why as why_of
from jobs.texts.languages import Texts, language_of
from jobs.texts.names import code_name, code_path, indicator_name
from jobs.texts.numbers import number, value_with_unit
from jobs.texts.peer_groups import peer_group_in_words
from jobs.texts.settings import TextSettings

register = template.Library()
_SELECTED = mark_safe(" selected")
OPTIONS_KEPT = 8192
"""Options of selects that a process keeps as they were made: those of all standards and three languages, a few megabytes."""


@register.simple_tag(takes_context=True)
def t(context: dict[str, Any], key: str, **values: Any) -> str:
    """The text of a key."""
    return str(conditional_escape(_texts(context)(key, **values)))


@register.simple_tag(takes_context=True)
def word(context: dict[str, Any], section: str, value: object) -> str:
    """A word of data, such as a state: its text where there is one, else the word itself."""
    return _texts(context).either(f"{section}.{value}", str(value).replace("_", " "))


@register.simple_tag(takes_context=True)
def data(context: dict[str, Any], text: str) -> SafeString | str:
    """Text of data, marked with its own language where that is not the page's."""
    language = language_of(text or "")
    return (
        format_html('<span lang="{}">{}</span>', language, text)
        if language and language != _texts(context).language
        else text or ""
    )


@register.simple_tag(takes_context=True)
def lang(context: dict[str, Any], name: str) -> SafeString | str:
    """The attribute that marks the name of a code with its own language, in an element that can hold no other: an option."""
    return _lang(name, _texts(context).language == "en")


@register.simple_tag(takes_context=True)
def options(context: dict[str, Any], choices: Iterable[Any], chosen: str, section: str = "") -> SafeString:
    """The options of a select, with the one that is chosen.

    Not by a template's loop: a list offers some hundreds, and a loop goes through several tags for each.

    Args:
        context: of the page.
        choices: values with their names; with a ``section`` values alone, whose names are its words.
        chosen: a value.
        section: see :func:`word`.
    """
    named = ((value, word(context, section, value)) for value in choices) if section else choices
    marks_chinese = _texts(context).language == "en"
    return SafeString("".join(_option(str(value), str(name), str(value) == chosen, marks_chinese) for value, name in named))


@lru_cache(maxsize=OPTIONS_KEPT)
def _option(value: str, name: str, is_chosen: bool, marks_chinese: bool) -> SafeString:
    # Escaped whatever it is: of two texts that are equal one may be marked as safe, and what is kept serves both.
    language, selected = _lang(name, marks_chinese), _SELECTED if is_chosen else ""
    return format_html('<option value="{}"{}{}>{}</option>', escape(value), language, selected, escape(name))


@register.simple_tag(takes_context=True)
def region(context: dict[str, Any], code: str) -> SafeString | str:
    """A region's name."""
    return _named(context, _code(context, "region_scheme", code))


@register.simple_tag(takes_context=True)
def region_path(context: dict[str, Any], code: str) -> SafeString | str:
    """A region's name with those above it."""
    if not code:
        return _texts(context)("word.unknown")
    return _named(context, code_path(str(context["profile"].get("region_scheme", "")), code, _texts(context).language))


@register.simple_tag(takes_context=True)
def industry(context: dict[str, Any], code: str) -> str:
    """An industry's name."""
    return _code(context, "industry_scheme", code)


@register.simple_tag(takes_context=True)
def filter_value(context: dict[str, Any], name: str, value: str) -> SafeString | str:
    """What a filter of the list is set to, in words."""
    texts = _texts(context)
    if name in ("region", "industry"):
        return _named(context, _code(context, f"{name}_scheme", value))
    if name == "reason":
        return indicator_name(value, texts.language)
    if name in ("listed", "overdue"):
        return texts(f"filter.{name}_yes")
    if name == "assigned":
        return dict(context.get("people", ())).get(value) or texts.either(f"assigned.{value}", value)
    if name == "campaign":
        named = Campaign.objects.visible_to(context["user"]).filter(pk=int(value)).values_list("name", flat=True).first()
        return data(context, named or value)
    section = {"risk_class": "class", "state": "state", "moved": "moved", "seen": "mark"}.get(name)
    return texts.either(f"{section}.{value}", value) if section else data(context, value)


@register.simple_tag(takes_context=True)
def peers(context: dict[str, Any], label: str) -> str:
    """A peer group in words."""
    return peer_group_in_words(label, _texts(context), TextSettings.of_stored(context["profile"]))


@register.simple_tag(takes_context=True)
def sentence(context: dict[str, Any], reason: Reason) -> str:
    """A reason in the page's language."""
    return reason.sentence(_texts(context).language)


@register.simple_tag(takes_context=True)
def said(context: dict[str, Any], row: Reason | Ranked, what: str) -> str:
    """Another text of a reason or an entity in the page's language: its ``basis``, its ``change``, or what is ``better``."""
    return str(getattr(row, what)(_texts(context).language))


@register.simple_tag(takes_context=True)
def check(context: dict[str, Any], row: Mapping[str, Any]) -> SafeString | str:
    """What a check asks for; in English, and marked so, where there are no other words."""
    text, language = check_name(row, _texts(context).language)
    return text if language == _texts(context).language else format_html('<span lang="{}">{}</span>', language, text)


@register.simple_tag(takes_context=True)
def why(context: dict[str, Any], source: Mapping[str, Any]) -> str:
    """Why a source has its verdict."""
    text, language = why_of(source, _texts(context).language)
    return text if language == _texts(context).language else ""


@register.simple_tag(takes_context=True)
def measured(context: dict[str, Any], value: float | None, unit: str) -> str:
    """A value of an indicator, in its unit."""
    return value_with_unit(value, unit, _texts(context), TextSettings.of_stored(context["profile"]))


@register.simple_tag(takes_context=True)
def chosen(context: dict[str, Any], kind: str, code: str) -> str:
    """A code of the catalogue of decisions."""
    return catalogue.words(kind, str(code), _texts(context).language) if code else ""


@register.simple_tag(takes_context=True)
def by(context: dict[str, Any], decision: Decision) -> str:
    """Who decided, as far as the reader's role may see it."""
    return _texts(context)("decide.system") if decision.actor is None else person(context, decision.actor)


@register.simple_tag(takes_context=True)
def person(context: dict[str, Any], somebody: User) -> str:
    """Somebody with a part in what is decided, as far as the reader's role may see who: else the person's role."""
    role = somebody.role
    return str(somebody.username) if context["user"].role in SEES_WHO_DECIDED else _texts(context).either(f"role.{role}", role)


@register.simple_tag(takes_context=True)
def day(context: dict[str, Any], value: date | datetime | str | None) -> SafeString | str:
    """A date."""
    if not value:
        return _texts(context)("word.none")
    on = value if isinstance(value, str) else _local(context, value).strftime("%Y-%m-%d")
    return format_html('<time datetime="{}">{}</time>', on, on)


@register.simple_tag(takes_context=True)
def instant(context: dict[str, Any], value: datetime | str | None) -> SafeString | str:
    """An instant, in the profile's time zone."""
    if not value:
        return _texts(context)("word.none")
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), _local(context, at).strftime("%Y-%m-%d %H:%M"))


@register.inclusion_tag("errors.html", takes_context=True)
def errors(context: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with the form that was sent, at the top of its page."""
    form, texts = sent_form(context), _texts(context)
    return {"texts": texts, "wrongs": wrongs_of(form, texts) if form else []}


@register.simple_tag(takes_context=True)
def errors_begin_title(context: dict[str, Any]) -> str:
    """The beginning of such a page's title, which is read first."""
    return _texts(context)("errors.title") if sent_form(context) else ""


register.filter("number", number)


@register.filter
def percent(value: float | None) -> str:
    """A share as a percentage."""
    return "–" if value is None else f"{value * 100:.1f}%"


def _named(context: dict[str, Any], name: str) -> SafeString | str:
    """The name of a code; a Chinese page has it in its own script, an English one may have it in Chinese only."""
    return data(context, name) if _texts(context).language == "en" else name


def _lang(name: str, marks_chinese: bool) -> SafeString | str:
    language = language_of(name) if marks_chinese else ""
    return format_html(' lang="{}"', language) if language else ""


def _local(context: dict[str, Any], value: date | datetime) -> date | datetime:
    zone = str(context["profile"].get("time_zone", "UTC"))
    return value.astimezone(ZoneInfo(zone)) if isinstance(value, datetime) else value


def _code(context: dict[str, Any], scheme: str, code: str) -> str:
    return (
        code_name(str(context["profile"].get(scheme, "")), code, _texts(context).language)
        if code
        else _texts(context)("word.unknown")
    )


def _texts(context: dict[str, Any]) -> Texts:
    texts: Texts = context["texts"]
    return texts
