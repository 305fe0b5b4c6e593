"""Post a JSON message to the webhook ``STEELYARD_WEBHOOK_URL``, if set: a task has failed for good, or a source has no new data."""

from __future__ import annotations

import json
import logging
import os
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from steelyard_dags.as_of import NoDayError, as_of_day

if TYPE_CHECKING:
    from airflow.sdk import Context

TIMEOUT_SECONDS = 5
LONGEST_ERROR = 2000
LONGEST_TEXT = 300

log = logging.getLogger(__name__)


def failure_message(context: Context) -> dict[str, Any]:
    """The message: task, day, error and URL of the log. ``text`` is the line that chat tools show."""
    task = context["ti"]
    try:
        as_of = as_of_day(context["dag_run"], context["task"].time_zone)  # type: ignore[union-attr]
    except NoDayError:
        as_of = None
    error = str(context.get("exception", ""))[:LONGEST_ERROR]
    why = error.partition("\n")[0]
    text = f"Steelyard: {task.dag_id}.{task.task_id} failed for {as_of or 'a run without a day'}: {why}"
    return {
        "text": shortened(text),
        **{name: getattr(task, name) for name in ("dag_id", "task_id", "run_id", "try_number")},
        "as_of": as_of,
        "error": error,
        "log_url": getattr(task, "log_url", None),
    }


def overdue_message(context: Context) -> dict[str, Any]:
    """The message about what is overdue. It has no day of its own: ``error`` names the day of each source and list."""
    message = failure_message(context)
    return {**message, "text": shortened(f"Steelyard: overdue: {message['error']}"), "as_of": None}


def verdict_message(context: Context, source: str, as_of: str, verdict: str, why: str, next_step: str, days: str) -> dict[str, Any]:
    """The message about a source that is stopped, missing or late on these days, and what to do."""
    task = context["ti"]
    start, end = f"Steelyard: {source} is {verdict} for {days}: ", f"; {next_step}"
    return {
        "text": start + shortened(why, LONGEST_TEXT - len(start + end)) + end,
        **{name: getattr(task, name) for name in ("dag_id", "task_id", "run_id", "try_number")},
        "as_of": as_of,
        "source": source,
        "verdict": verdict,
        "why": why[:LONGEST_ERROR],
        "next_step": next_step,
        "log_url": getattr(task, "log_url", None),
    }


def shortened(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text; if it is too long, its start and an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def notify_webhook(context: Context) -> None:
    """Post the message about a failed task."""
    post(lambda: failure_message(context))


def post(message: Callable[[], dict[str, Any]]) -> None:
    """Post a message. Errors are only logged, so that a broken webhook does not cause another failure."""
    url = os.environ.get("STEELYARD_WEBHOOK_URL")
    if not url:
        return
    try:
        if not url.startswith(("https://", "http://")):
            raise ValueError("it is not an HTTP address")
        body = json.dumps(message(), ensure_ascii=False, default=str).encode()
        request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json; charset=utf-8"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            log.info("the webhook was notified")
    except Exception as error:
        log.warning("the webhook in STEELYARD_WEBHOOK_URL could not be notified: %s", error)  # its address may contain a token
