"""Report what should be there and is not: a source that is not settled after its cut-off, a list after its deadline.

The DAG runs every five minutes and looks at the newest day whose time has come. A source must be settled half an hour after its
cut-off (`cut_off` in its mapping). The list must be there at `STEELYARD_LIST_DEADLINE` of the next day (08:00 if it is not set).
What is newly overdue is posted to the webhook once; the runs stay red until it is there or the next day is due.
A stopped or missing source is settled, and `settle` has reported it. No day before this DAG's first run with it is expected.

### Triage
- **A source is not settled**: its DAG is paused, waits for a slot of the pool, was marked as failed, or stays deferred because
  `airflow triggerer` does not run. Its page shows which.
- **There is no list**: a source is not settled, or a task of `daily_risk` is red or refused.
- **No run of this DAG either**: Airflow's scheduler does not run. Let your monitoring ask the API server, `/api/v2/monitor/health`.
- **A day was left out on purpose**, as with a `STEELYARD_CRON` that leaves out weekends: pause this DAG on those days.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable
from steelyard_dags.settings import read_settings
from steelyard_dags.task_defaults import READS_ONLY, task_defaults
from steelyard_dags.watch import ListWatch

SETTINGS = read_settings()

with DAG(
    dag_id="list_watch",
    description="Report sources and lists that are overdue",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("*/5 * * * *", timezone=SETTINGS.time_zone),
    catchup=False,
    max_active_runs=1,
    default_args={**task_defaults(SETTINGS, longest=timedelta(minutes=4)), "pool": READS_ONLY},
    tags=["steelyard", "watch", SETTINGS.profile],
):
    ListWatch(settings=SETTINGS)
