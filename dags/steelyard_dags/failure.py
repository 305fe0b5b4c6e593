"""Tell people when a task failed for good: a JSON message to the webhook that STEELYARD_WEBHOOK_URL names, if it names one."""

from __future__ import annotations

import json
import logging
import os
import urllib.request
from typing import TYPE_CHECKING, Any

from steelyard_dags.as_of import NoDayError, as_of_day

if TYPE_CHECKING:
    from airflow.sdk import Context

SECONDS_TO_ANSWER = 5
LONGEST_ERROR = 2000
LONGEST_TEXT = 300

log = logging.getLogger(__name__)


def failure_message(context: Context) -> dict[str, Any]:
    """What is told: where it failed, for which day, why, and where the log is. ``text`` is the line that chat tools show."""
    task = context["ti"]
    as_of = _day_of(context)
    error = str(context.get("exception", ""))[:LONGEST_ERROR]
    why = error.partition("\n")[0]
    text = f"Steelyard: {task.dag_id}.{task.task_id} failed for {as_of or 'a run without a day'}: {why}"
    return {
        "text": text[:LONGEST_TEXT],
        "dag_id": task.dag_id,
        "task_id": task.task_id,
        "run_id": task.run_id,
        "as_of": as_of,
        "try_number": task.try_number,
        "error": error,
        "log_url": getattr(task, "log_url", None),
    }


def _day_of(context: Context) -> str | None:
    """The run's day, None where it names none."""
    try:
        return as_of_day(context["dag_run"], context["task"].time_zone)  # type: ignore[union-attr]
    except NoDayError:
        return None


def tell_webhook(context: Context) -> None:
    """Post the message. A webhook that is down must not turn one failure into two, so nothing is raised."""
    url = os.environ.get("STEELYARD_WEBHOOK_URL")
    if not url:
        return
    try:
        if not url.startswith(("https://", "http://")):
            raise ValueError("it is no http address")
        body = json.dumps(failure_message(context), ensure_ascii=False, default=str).encode()
        request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json; charset=utf-8"})
        with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER):
            log.info("told the webhook")
    except Exception as error:  # any failure: see above
        log.warning("the webhook that STEELYARD_WEBHOOK_URL names could not be told: %s", error)  # the address may hold a token
