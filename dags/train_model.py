"""Learn from the visits made so far.

It runs on Mondays at noon in the profile's time zone, when Sunday's data is in, and trains as of Sunday. `daily_risk` scores with
the newest model trained by its day, and trains one itself only where none is there, it is a week old, or its data changed. Links
come first, since the indicators that the model learns from count linked complaints.

### Triage
- **`train` is skipped**: there was nothing to learn from; the log says what was missing. It is no failure.
- **`train` is red**: the last lines of its log say what, where and what to do. The model in use stays in use.
- **Train now**: `airflow dags trigger train_model --conf '{"as_of": "2026-06-30"}'`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable
from steelyard_dags.settings import read_settings
from steelyard_dags.task import SteelyardTask
from steelyard_dags.task_defaults import run_options, task_defaults

SETTINGS = read_settings()

with DAG(
    dag_id="train_model",
    description="Learn from the visits made so far",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 12 * * 1", timezone=SETTINGS.time_zone, interval=timedelta(days=1)),
    catchup=False,
    max_active_runs=1,
    default_args=task_defaults(SETTINGS, longest=timedelta(hours=6)),
    tags=["steelyard", "model", SETTINGS.profile],
):
    link = SteelyardTask(verb="link", options=run_options(SETTINGS))
    train = SteelyardTask(verb="train", options=run_options(SETTINGS), is_optional=True)
    link >> train
