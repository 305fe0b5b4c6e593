"""Keep the lake's tables small and fast.

The DAG runs on Sundays at noon in the profile's time zone, as of Saturday. Old indicators are reduced to those of listed entities,
small files are compacted, and files that no retained day needs are deleted. `[retention]` of the profile sets the periods. The
task needs no engine, and changes no row that a list, its reasons or a replay within these periods reads.

### Triage
- **`maintain` is red**: each part commits completely or changes nothing. Fix what the last lines of the log name (usually a full
  disk or files of another owner) and clear the task. No other task waits for it; until then the lake only grows.
- **`maintain` waits**: it needs the slot of the pool `lake_writes`, and the day's tasks go first.
- **Free space now**: `airflow dags trigger maintain_lake --conf '{"as_of": "2026-06-30"}'`. A later day than the newest finished
  one counts as that one, so no run deletes what the policy retains.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable
from steelyard_dags.settings import read_settings
from steelyard_dags.task import SteelyardTask
from steelyard_dags.task_defaults import run_options, task_defaults

SETTINGS = read_settings()

with DAG(
    dag_id="maintain_lake",
    description="Keep the lake's tables small and fast",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 12 * * 0", timezone=SETTINGS.time_zone, interval=timedelta(days=1)),
    catchup=False,
    max_active_runs=1,
    default_args=task_defaults(SETTINGS, longest=timedelta(hours=6), priority=0),
    tags=["steelyard", "maintenance", SETTINGS.profile],
):
    SteelyardTask(task_id="maintain", verb="lake", options=["maintain", *run_options(SETTINGS)])
