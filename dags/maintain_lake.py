"""Keep the lake's tables small and quick.

It runs on Sundays at noon in the profile's time zone, as of Saturday: indicators older than the policy keeps whole are cut down to
the listed entities', small files are joined, and files that no kept day needs any more are deleted. What is kept, and for how long,
is `[retention]` of the profile. It takes no engine, and changes no row that a list, its reasons or a replay within that time reads.

### Triage
- **`maintain` is red**: each part of it commits whole or leaves all as it was, so mend what the last lines of the log name (mostly
  a full disk, or files that somebody else owns) and clear the task. Nothing else waits for it; the lake only grows meanwhile.
- **`maintain` waits**: it needs the one slot of the pool `lake_writes`, and gives way to the day's own tasks.
- **Room now**: `airflow dags trigger maintain_lake --conf '{"as_of": "2026-06-30"}'`. A day later than the newest
  finished one is taken for that one, so none can drop what the policy keeps.
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
    description="Keep the lake's tables small and quick",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 12 * * 0", timezone=SETTINGS.time_zone, interval=timedelta(days=1)),
    catchup=False,
    max_active_runs=1,
    default_args=task_defaults(SETTINGS, longest=timedelta(hours=6), urgency=0),
    tags=["steelyard", "maintenance", SETTINGS.profile],
):
    SteelyardTask(task_id="maintain", verb="lake", options=["maintain", *run_options(SETTINGS)])
