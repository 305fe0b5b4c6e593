"""The operator of all tasks: it calls the command line for the run's day."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from steelyard_dags.as_of import as_of_day
from steelyard_dags.command import FINAL, NOTHING_TO_DO, CommandMissingError, RunningCommand, meaning_of
from steelyard_dags.links import LINKS
from steelyard_dags.settings import SettingsError, read_submit
from steelyard_dags.submit import Call, call_for
from steelyard_dags.webhook import post, verdict_message

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

NEEDS_ENGINE = {
    "ingest": True,
    "gate": True,
    "conform": True,
    "settle": False,
    "link": True,
    "features": True,
    "train": True,
    "score": False,
    "target": True,
    "export": False,
    "publish": False,
    "outcomes": False,
    "lake": False,
    "replay": True,
}
"""The verbs that DAGs call, and whether they open an engine; only those that do run on a cluster."""


class SteelyardTask(BaseOperator):
    """Run ``steelyard VERB OPTIONS --as-of DAY`` in the mode of ``STEELYARD_SUBMIT``.

    Args:
        verb: the verb, which is also the default task id.
        options: other options; ``{as_of}`` in an option is replaced by the run's day.
        time_zone: the profile's time zone; the default is that in the DAG's ``default_args``.
        is_optional: whether exit code 4 (input missing) skips the task instead of failing it.

    Raises:
        ValueError: there is no time zone.
    """

    template_fields: Sequence[str] = ("verb", "options")  # shown on the task's page

    def __init__(self, *, verb: str, options: Sequence[str], time_zone: str = "", is_optional: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"task_id": verb, **kwargs})
        if not time_zone:
            raise ValueError(f"the task {verb} has no time zone: pass task_defaults(...) as the DAG's default_args")
        self.verb = verb
        self.options = list(options)
        self.time_zone = time_zone
        self.needs_engine = NEEDS_ENGINE[verb]
        self.is_optional = is_optional
        self.home = self.options[self.options.index("--home") + 1] if "--home" in self.options else ""
        self.day = ""
        self.operator_extra_links = LINKS.get(verb, ())
        self._running: RunningCommand | None = None

    def execute(self, context: Context) -> None:
        """Run the command. On success the events of the outlets get the day as their partition key.

        Raises:
            AirflowFailException: it failed and a retry cannot help.
            AirflowSkipException: the task is optional and an input is missing.
            AirflowException: it failed and may be retried.
        """
        try:
            day = self.day = as_of_day(context["dag_run"], self.time_zone)
            options = [option.replace("{as_of}", day) for option in self.options]
            words = [self.verb, *options, "--as-of", day]
            call = call_for(words, name=f"steelyard {self.verb} {day}", needs_engine=self.needs_engine, submit=read_submit())
            exit_code, last_lines = self._run(call)
        except (CommandMissingError, SettingsError) as error:
            raise AirflowFailException(str(error)) from error
        if exit_code != 0:
            message = f"steelyard {self.verb} ended with exit code {exit_code}: {meaning_of(exit_code)}\n{last_lines}"
            if exit_code == NOTHING_TO_DO and self.is_optional:
                raise AirflowSkipException(message)
            raise AirflowFailException(message) if exit_code in FINAL else AirflowException(message)
        if context["dag_run"].partition_key is None:  # else Airflow sets the run's partition key
            for asset in self.outlets:
                context["outlet_events"][asset].add_partitions(day)

    def on_kill(self) -> None:
        """Stop the command when Airflow stops the task."""
        if self._running is not None:
            self._running.stop()

    def _run(self, call: Call) -> tuple[int, str]:
        self.log.info("$ %s", call.shown())
        self._running = RunningCommand(call.command, call.environment)
        return self._running.follow(lambda line: self.log.info("%s", line))


class SettleTask(SteelyardTask):
    """Settle a source for the day, and say its verdict: in the asset's event, as XCom, and if there are no new data as a warning.

    Args:
        source: the source's name.
        home: the home, whose manifest of the source has the verdict.
    """

    REPORTED: ClassVar = {
        "stopped": "look at Data Docs, then follow docs/how-to/handle-a-stopped-source.md",
        "missing": "ask its owner, {owner}; the list uses the last good delivery",
        "late": "to use it in the list of its own day, redo that day as docs/how-to/run-by-airflow.md says",
    }
    """The verdicts that somebody must hear of, and what to do."""

    def __init__(self, *, source: str, home: Path, **kwargs: Any) -> None:
        super().__init__(verb="settle", **kwargs)
        self.source = source
        self.home = str(home)

    def execute(self, context: Context) -> None:
        """As :meth:`SteelyardTask.execute`; then report the manifest's verdict."""
        super().execute(context)
        as_of = as_of_day(context["dag_run"], self.time_zone)
        path = Path(self.home) / "manifests" / "sources" / self.source / f"{as_of}.json"
        if not path.is_file():
            return  # a source that comes with Steelyard and has delivered nothing yet
        manifest = json.loads(path.read_text(encoding="utf-8"))
        facts = {name: manifest.get(name) for name in ("verdict", "why", "newest_delivery", "known_rows")}
        facts["late"] = late_deliveries(path, manifest)
        for asset in self.outlets:
            context["outlet_events"][asset].extra = {**facts, "manifest": str(path)}
        context["ti"].xcom_push(key="verdict", value=facts)
        verdict, why = str(facts["verdict"]), str(facts["why"])
        if verdict in self.REPORTED:
            self.log.warning("%s is %s for %s: %s; see %s", self.source, verdict, as_of, why, path)
            self._post(context, as_of, verdict, why)
        if late := facts["late"]:
            why = f"the delivery of {' and '.join(late)} came after that day was settled; the list of {as_of} uses it"
            self.log.warning("%s was late: %s", self.source, why)
            self._post(context, as_of, "late", why, days=late[0] if len(late) == 1 else f"{late[0]} to {late[-1]}")

    def _post(self, context: Context, as_of: str, verdict: str, why: str, *, days: str = "") -> None:
        next_step = self.REPORTED[verdict].format(owner=self.owner)
        post(lambda: verdict_message(context, self.source, as_of, verdict, why, next_step, days or as_of))


def late_deliveries(path: Path, manifest: dict[str, Any]) -> list[str]:
    """The days that were settled without their delivery, which a source's manifest at ``path`` has."""
    before = max((other for other in path.parent.glob("????-??-??.json") if other.stem < path.stem), default=None)
    try:
        known = json.loads(before.read_text(encoding="utf-8"))["batches"] if before else None
        if not before or not known:
            return []
        came = {batch["delivered_on"] for batch in manifest.get("batches", [])} - {batch["delivered_on"] for batch in known}
    except (OSError, ValueError, LookupError, TypeError) as error:
        next_step = "restore it from a backup, or settle that day again as docs/how-to/run-by-airflow.md says"
        log.warning("whether a delivery came late is unknown, as %s is damaged (%r): %s", before, error, next_step)
        return []
    return sorted(day for day in came if day <= before.stem)
