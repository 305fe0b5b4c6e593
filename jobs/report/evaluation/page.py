"""An evaluation as one HTML page without scripts or requests."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from jobs.foundation.files import read_json, write_atomic
from jobs.profile.profile import Profile
from jobs.report.evaluation import tables
from jobs.report.evaluation.charts import draw_charts, draw_group_charts
from jobs.report.evaluation.tables import Content, interval_of, order_name, write_figure
from jobs.report.page import environment, page_style, policy_of
from jobs.texts.languages import LANGUAGES
from jobs.texts.names import Names

HEADLINES = ("auc", "first_half_share", "days_earlier", "lift")


def render_evaluation(content: Content, profile: Profile, language: str) -> str:
    """Return the page as HTML. The same figures give the same text.

    Args:
        content: as read from the JSON of :func:`jobs.training.summarise_evaluation.write_summary`.
        profile: the profile, for names of regions and industries.

    Raises:
        ConfigError: for an unknown language.
    """
    names = Names.of(profile, language)
    style = page_style()
    model = content["orders"]["model"]
    return (
        environment()
        .get_template("evaluation.html")
        .render(
            charts=draw_charts(content, names),
            content=content,
            days=tables.days_table(content, names),
            group_charts=draw_group_charts(content, names),
            group_tables=tables.group_tables(content, names),
            headlines=[
                (names.texts(f"measure.{name}"), write_figure(name, model[name]["value"]), interval_of(names, name, model[name]))
                for name in HEADLINES
            ],
            leads=tables.leads_table(content, names),
            names=names,
            not_compared=[names.texts(f"group.{kind}") for kind in content["group_kinds"] if kind not in tables.compared(content)],
            orders=tables.orders_table(content, names),
            others=[(order_name(names, order), order.replace(" ", "_")) for order in content["order_names"][1:]],
            policy=policy_of(style),
            calibration=tables.calibration_table(content, names),
            style=Markup(style),  # the project's own file
            suspects=tables.suspect_lines(content, names),
            t=names.texts,
        )
    )


def write_pages(figures: Path, profile: Profile) -> list[Path]:
    """Write the page of an evaluation in every language beside its JSON, and return the files."""
    content = read_json(figures)
    pages = []
    for language in LANGUAGES:
        page = figures.with_suffix(f".{language}.html")
        write_atomic(page, render_evaluation(content, profile, language).encode())
        pages.append(page)
    return pages
