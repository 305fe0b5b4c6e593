"""Validation results in the form of a Great Expectations file context, and their pages (Data Docs), which need no network.

Great Expectations renders the content; the page around it is ours, since its own loads styles and scripts from other hosts. Results
hold counts and metrics, never values of rows. The same results give the same bytes. Great Expectations is imported when needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from itertools import count
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, PackageLoader

if TYPE_CHECKING:
    from great_expectations.render.view import DefaultJinjaPageView

CONFIG = "great_expectations.yml"
RUN_TIME = "T000000.000000Z"
"""The time of every run, behind its day: a run has no clock."""
Row = tuple[str, tuple[str, ...]]
"""A row of a page of links: the address of its first cell, and its cells."""


def context_config() -> bytes:
    """The configuration of the file context."""
    return resources.files(__package__).joinpath("templates", CONFIG).read_bytes()


def stored_result(found: Mapping[str, Any], suite: str, run_name: str) -> dict[str, Any]:
    """A validation result of the gate as the file context stores it.

    Args:
        found: the result of the gate.
        suite: the name of the suite in the context.
        run_name: the ISO day of the run.
    """
    run = {"run_name": run_name, "run_time": f"{run_name}T00:00:00+00:00"}
    meta = {"run_id": run, "great_expectations_version": found["great_expectations_version"]}
    kept = {name: found[name] for name in ("success", "statistics", "results")}
    return {**kept, "suite_name": suite, "suite_parameters": {}, "meta": meta, "id": None}


def stored_suite(result: Mapping[str, Any]) -> dict[str, Any]:
    """The suite that gave a stored result, as the file context stores it."""
    expectations = [answer["expectation_config"] for answer in result["results"]]
    return {"name": result["suite_name"], "expectations": expectations, "meta": {}, "notes": None, "id": None}


def validation_page(result: Mapping[str, Any], day_page: str) -> str:
    """The page of a stored result, without scripts and requests.

    Args:
        day_page: the relative address of the day's page.
    """
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    loaded = expectationSuiteValidationResultSchema.load(dict(result))
    return _page(ValidationResultsPageRenderer(run_info_at_end=True).render(loaded), day_page, "All checks of the day")


def suite_page(suite: Mapping[str, Any], index: str) -> str:
    """The page of a stored suite: what is expected of each delivery.

    Args:
        index: the relative address of the list of days.
    """
    from great_expectations.core import ExpectationSuite
    from great_expectations.render.renderer import ExpectationSuitePageRenderer

    return _page(ExpectationSuitePageRenderer().render(ExpectationSuite(**suite)), index, "Checks by day")


def _page(document: Any, back: str, back_text: str) -> str:
    view, numbers = _offline_view(), count(1)
    # Random ids would make equal results differ.
    view.env.filters["generate_html_element_uuid"] = lambda prefix="": f"{prefix}{next(numbers)}"
    return str(view.render(document, back=back, back_text=back_text))


@cache
def _offline_view() -> DefaultJinjaPageView:
    from great_expectations.render.view import DefaultJinjaPageView

    class OfflinePageView(DefaultJinjaPageView):
        _template = "validation_page.j2"

    view = OfflinePageView()
    loaders = [_templates(), *([view.env.loader] if view.env.loader else [])]
    view.env.loader = ChoiceLoader(loaders)
    return view


def links_page(title: str, heads: Iterable[str], rows: Iterable[Row], up: str = "") -> str:
    """A page with a table whose rows link to other pages."""
    return _environment().get_template("days_page.html").render(title=title, heads=list(heads), rows=list(rows), up=up)


@cache
def _environment() -> Environment:
    return Environment(loader=_templates(), autoescape=True, trim_blocks=True)


def _templates() -> PackageLoader:
    return PackageLoader("expectations")
