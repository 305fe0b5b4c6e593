"""Make the newest list again in a temporary folder and compare it with the published one.

The DAG runs at 22:00 in the profile's time zone for the day whose list was published that morning, between two nights' work.
`replay` reads the table versions of the run and writes nothing to the lake, so it needs no slot of `lake_writes`.

### Triage
- **`replay` is red with exit code 7**: the same code, data and model gave a different result from the published list. This is never
  noise, and a retry cannot help, so there is none. The log names the first table that differs, and how. Until it is explained, do
  not trust the published list: inform its users, keep `manifests/runs/<as_of>.json` and the log, and check whether a table or a
  model was changed by hand, or a package was changed other than by `make setup`.
- **`replay` is red with exit code 8**: the day cannot be replayed. This is expected in the night after an upgrade, and after an
  intended change of the engine, the profile or `STEELYARD_TIE_KEY`. On any other night, table versions or the model of a retained
  day are missing or changed: find out who changed them.
- **`replay` is red with another exit code**: it could not run; the last lines of the log say why. This says nothing about the list.
- **`replay` is skipped**: there is no list for that day; see `daily_risk`.
- **Replay a day**: `airflow dags trigger replay_run --conf '{"as_of": "2026-06-30"}'`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable
from steelyard_dags.settings import read_settings
from steelyard_dags.task import SteelyardTask
from steelyard_dags.task_defaults import READS_ONLY, run_options, task_defaults

SETTINGS = read_settings()

with DAG(
    dag_id="replay_run",
    description="Make the newest list again and compare it with the published one",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 22 * * *", timezone=SETTINGS.time_zone, interval=timedelta(days=1)),
    catchup=False,
    max_active_runs=1,
    default_args={**task_defaults(SETTINGS, longest=timedelta(hours=6)), "pool": READS_ONLY},
    tags=["steelyard", "replay", SETTINGS.profile],
):
    SteelyardTask(verb="replay", options=run_options(SETTINGS), is_optional=True)
