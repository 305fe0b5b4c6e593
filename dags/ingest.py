"""One DAG a source: take in its deliveries of a day, check them, and put them into the standard form.

The DAGs are made from `sources/*.toml` of the profile: a new mapping is a new DAG, `ingest_<source>`.
What visits found comes with the console: where a day was published to one, `ingest_console_results` is there too, and its first
task, `outcomes`, delivers the results that were recorded that day.
Each runs when a day is over in the profile's time zone; the partition key is that day, the `as_of`.

The tasks are `ingest` → `gate` → `conform` → `settle`. A source that is missing, or that its gate stops, is no failure:
its manifest has the verdict, and yesterday's good data stays in use. `settle` comes last, whatever happened, and tells
`daily_risk` that this source is settled for the day, so one bad source never holds the list.

### Triage
- **`ingest`, `gate` or `conform` is red**: the job crashed, or its mapping cannot be used. The last lines of the task's log
  say what, where and what to do. The list of the day was made without this source's news. Mend it, clear the task with
  those after it, and trigger `daily_risk` with `{"as_of": "<the day>"}`.
- **Exit code 5**: records read are not those kept, doubled and quarantined, which is a fault of ours. Silver stays as it was, and
  the list of the day is made of that; the log names the delivery and the counts. Clear the task once; report it if it comes again.
- **All is green, but there is no news**: look at `manifests/sources/<source>/<as_of>.json`, at `verdict` and `why`.
- **`outcomes` is skipped**: the worker has no console (no extra `console`); what was delivered before is in use.
- **`outcomes` is red**: the console's results of the day were not delivered. Mend what the log names and clear the DAG's tasks.
- **Exit code 6**: another run holds the lake. Airflow tries again by itself; if it goes on, look for a run by hand.
- **Tasks stay in "scheduled"**: the pool is missing. `airflow pools set lake_writes 1 "one writer of the lake at a time"`.
- **Redo a range**: `airflow backfill create --dag-id ingest_<source> --from-date 2026-06-01 --to-date 2026-06-07
  --max-active-runs 1 --reprocess-behavior completed`, for each source; `daily_risk` follows by itself.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronPartitionTimetable
from steelyard_dags.assets import settled
from steelyard_dags.settings import Settings, Source, read_settings
from steelyard_dags.task import SteelyardTask
from steelyard_dags.task_defaults import READS_ONLY, run_options, task_defaults

REGISTRATION = "registration"


def ingest_dag(settings: Settings, source: Source) -> DAG:
    """The DAG of one source."""
    options = [*run_options(settings), "--source", source.name, "--sources", str(settings.sources_folder)]
    with DAG(
        dag_id=f"ingest_{source.name}",
        description=f"{source.contract} from {source.owner}",
        doc_md=f"{__doc__}\n### This source\nContract: `{source.contract}`. Owner: {source.owner}. {source.trouble}",
        # A day is taken in when it is over, so the run's tick is the end of the day before it.
        schedule=CronPartitionTimetable(settings.cron, timezone=settings.time_zone, run_offset=-1, key_format="%Y-%m-%d"),
        catchup=False,
        max_active_runs=1,
        # Checks of other sources ask whether an entity is registered, so registrations go ahead of those that wait.
        default_args=task_defaults(settings, owner=source.owner, urgency=10 if source.contract == REGISTRATION else 1),
        tags=["steelyard", "ingest", settings.profile, source.contract],
    ) as dag:
        # Where a worker has no console to deliver, what came before is taken in all the same.
        ingest = SteelyardTask(verb="ingest", options=options, trigger_rule="none_failed")
        gate = SteelyardTask(verb="gate", options=options)
        conform = SteelyardTask(verb="conform", options=options)
        # A teardown runs however the tasks before it ended, and does not hide it: the run is as good as `conform`.
        settle = SteelyardTask(
            verb="settle",
            options=options,
            outlets=[settled(settings.profile, source.name)],
            execution_timeout=timedelta(minutes=10),
        ).as_teardown()
        ingest >> gate >> conform >> settle
        if source.delivered_by:
            deliver = [*run_options(settings), "--sources", str(settings.sources_folder)]
            SteelyardTask(verb=source.delivered_by, options=deliver, is_optional=True, pool=READS_ONLY) >> ingest
    return dag


SETTINGS = read_settings()
for each_source in SETTINGS.sources:
    ingest_dag(SETTINGS, each_source)
