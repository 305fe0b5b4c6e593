"""Train the model on all visits so far.

The DAG runs on Mondays at noon in the profile's time zone, when Sunday's data are complete, and trains as of Sunday. `daily_risk`
scores with the newest model trained by its day. It trains a model itself only if there is none, it is a week old, or its data
changed. `link` comes first, since the indicators count linked complaints.

### Triage
- **`train` is skipped**: there are no data to train on; the log says what is missing. This is not a failure.
- **`train` is red**: the last lines of its log say what failed, where, and what to do. The current model stays in use.
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
    description="Train the model on all visits so far",
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
