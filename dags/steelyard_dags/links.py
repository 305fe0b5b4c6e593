"""The buttons of a task that lead to files of the home: report, manifest, check results."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

SITE = "gx/uncommitted/data_docs/local_site"


class HomeLink(BaseOperatorLink):
    """A button that opens a file of the home; the worker stores its address when the task ends."""

    text: ClassVar[str] = ""
    file: ClassVar[str] = ""
    """The file's path in the home, with ``{day}`` and ``{source}``."""
    instead: ClassVar[str] = ""
    """The file to open if there is none for the day."""

    @property
    def name(self) -> str:
        """The button's text."""
        return self.text

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        """Return the file's address for the run's day."""
        home, day, source = (getattr(operator, name, "") for name in ("home", "day", "source"))
        return address_in_home(Path(home), self.file.format(day=day, source=source), self.instead)


class DataDocsLink(HomeLink):
    """From a task that checks deliveries to the day's Data Docs, to the list of days if nothing was checked on that day."""

    text = "Data Docs"
    file = f"{SITE}/days/{{day}}.html"
    instead = f"{SITE}/index.html"


class SourceManifestLink(HomeLink):
    """From the task that settles a source to its manifest."""

    text = "Manifest"
    file = "manifests/sources/{source}/{day}.json"


class RunManifestLink(HomeLink):
    """From the task that writes the list to the day's manifest."""

    text = "Manifest"
    file = "manifests/runs/{day}.json"


class ReportLink(HomeLink):
    """From the task that exports the list to the day's page."""

    text = "Report"
    file = "reports/risk_list_{day}.html"


LINKS: dict[str, tuple[HomeLink, ...]] = {
    "gate": (DataDocsLink(),),
    "settle": (SourceManifestLink(), DataDocsLink()),
    "target": (RunManifestLink(),),
    "export": (ReportLink(), RunManifestLink()),
}
"""The buttons of a task, by its verb."""


def address_in_home(home: Path, path: str, instead: str = "", environment: Mapping[str, str] = os.environ) -> str:
    """Return the address of a file of the home.

    ``STEELYARD_HOME_URL`` is where a web server serves the home; without it the address is a file of the worker.
    """
    if instead and not (home / path).is_file():
        path = instead
    return f"{(environment.get('STEELYARD_HOME_URL') or home.resolve().as_uri()).rstrip('/')}/{path}"
