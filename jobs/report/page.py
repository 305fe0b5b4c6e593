"""The day as one HTML page without scripts or requests. The page's policy allows its styles by their hash."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from jobs.lake.manifests import outages_of_run
from jobs.lake.source_results import Source
from jobs.report.charts import draw_charts
from jobs.report.daily_report import Context
from jobs.texts.checks import check_name, why
from jobs.texts.classes import class_lines, family_name, findings_text, moves_line
from jobs.texts.languages import language_of
from jobs.texts.model_card import warning_lines
from jobs.texts.names import Names
from jobs.texts.numbers import number, percent
from jobs.texts.outages import outage_in_words
from jobs.texts.peer_groups import peer_group_in_words
from jobs.texts.reasons import better_in_words

OPEN_ROWS = 300
"""A longer list is shown closed, and opens region by region."""
FIRST_REASONS = 3


def render_page(context: Context, language: str, data_docs: str = "") -> str:
    """Return the report as HTML. The same context gives the same text.

    Args:
        context: the day.
        language: of the texts.
        data_docs: the address of the day's Data Docs, relative to the report; empty when there are none.

    Raises:
        ConfigError: for an unknown language.
    """
    names = Names.of(context.profile, language)
    texts = names.texts
    style = page_style()
    return (
        environment()
        .get_template("page.html")
        .render(
            charts=draw_charts(context, texts, names),
            check_name=lambda check: check_name(vars(check), language),
            class_lines=class_lines(context.run, texts),
            class_rows=_class_rows(context, names),
            moves=moves_line(context.run, texts),
            context=context,
            data_docs=data_docs,
            family_name=family_name,
            first_reasons=FIRST_REASONS,
            has_findings="class_findings" in (context.run.get("model") or {}),
            is_open=len(context.listed) <= OPEN_ROWS,
            better=better_in_words,
            model_warnings=warning_lines(context.run.get("model") or {}, texts),
            names=names,
            outage=lambda source: outage_in_words(outages_of_run(context.run).get(source.name), texts),
            peers=lambda label: peer_group_in_words(label, texts, names.settings),
            policy=policy_of(style),
            profile=context.profile,
            style=Markup(style),  # the project's own file
            t=texts,
            why=lambda source: why(verdict_facts(source), language),
        )
    )


def _class_rows(context: Context, names: Names) -> list[tuple[str, ...]]:
    """Each class with its size, its share, its listed businesses and the findings of held-out visits."""
    every, model = max(sum(count.entities for count in context.classes), 1), context.run.get("model") or {}
    return [
        (
            names.class_(count.letter),
            number(count.entities),
            percent(count.entities / every),
            number(count.listed),
            findings_text(model, count.letter, names.texts),
        )
        for count in context.classes
    ]


def verdict_facts(source: Source) -> dict[str, Any]:
    """Return what :func:`jobs.texts.checks.why` needs to know of a source."""
    names = ("verdict", "why", "newest_delivery", "came", "unusable", "late")
    failed = [vars(check) for rule in source.rules for check in rule.failures]
    return {name: getattr(source, name) for name in names} | {"failed": failed}


def policy_of(style: str) -> str:
    """Return the page's content security policy: no requests, and no styles but this one."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def page_style() -> str:
    """Return the styles of every page."""
    return resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """Return the templates with their filters."""
    made = Environment(
        loader=PackageLoader("jobs.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(number=number, percent=percent, data_language=language_of)
    return made
