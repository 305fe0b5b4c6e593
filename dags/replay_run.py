"""Make the newest list once more, aside, and hold it against the one that was published.

It runs at ten in the evening in the profile's time zone, for the day whose list was published that morning: the night's work is
done by then and the next has not begun. `replay` reads the tables as the run left them and writes nothing to the lake, so it
needs no slot of `lake_writes`.

### Triage
- **`replay` is red, exit code 7**: the same code, data and model gave something else than what people work from. This is
  never noise, and trying again cannot help, so it is not tried again. The log names the first table that differs and how. Until
  it is explained, treat the published list as unproven: tell those who use it, keep `manifests/runs/<as_of>.json` and the log, and
  see whether a table or a model was changed by hand, or a package by somebody other than `make setup`.
- **`replay` is red, exit code 8**: the day cannot be done again as it was. The night after an upgrade this is so, since the code is
  another, and so it is when the engine, the profile or `STEELYARD_TIE_KEY` was changed on purpose. On any other night
  table versions or the model of a day that `[retention]` keeps are gone or changed: find out by whom.
- **`replay` is red otherwise**: it could not be done; the last lines of the log say why. It says nothing about the list.
- **`replay` is skipped**: no list was made for that day; see `daily_risk`.
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
    description="Hold the newest list against itself, made once more",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 22 * * *", timezone=SETTINGS.time_zone, interval=timedelta(days=1)),
    catchup=False,
    max_active_runs=1,
    default_args={**task_defaults(SETTINGS, longest=timedelta(hours=6)), "pool": READS_ONLY},
    tags=["steelyard", "replay", SETTINGS.profile],
):
    SteelyardTask(verb="replay", options=run_options(SETTINGS), is_optional=True)
