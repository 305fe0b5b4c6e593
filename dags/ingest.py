"""One DAG per source: ingest the day's deliveries, check them, and convert them to the standard form.

The DAGs are created from `sources/*.toml` of the profile: each mapping gives a DAG `ingest_<source>`. There is also
`ingest_console_results`, which is not paused when it is created. Its first task, `outcomes`, delivers the visit results that the
console recorded that day. Before the first result it settles nothing.
Each DAG runs after the end of a day in the profile's time zone. The partition key is that day, `as_of`.

The tasks are `wait` → `ingest` → `gate` → `conform` → `settle`. `wait` ends when the day's delivery is there, when none is due, or
at the source's cut-off (`cut_off` in its mapping; 06:00 of the next day if it says nothing). While it waits it holds no worker.
A missing or stopped source is no failure: its manifest has the verdict, and the last good data stay in use. `settle` always runs
last and tells `daily_risk` that the source is settled for the day, so a bad source never blocks the list.

### Triage
- **`ingest`, `gate` or `conform` is red**: the job crashed or its mapping cannot be used. The last lines of the log say what
  failed, where, and what to do. The day's list was made without new data of this source. Fix it, clear the task and those after
  it, and trigger `daily_risk` with `{"as_of": "<the day>"}`.
- **You marked a run as failed**: it does not settle its source, so the list waits. Clear the run's tasks to settle it.
- **Exit code 5**: the records read do not equal those kept, combined, duplicate, quarantined and out of scope. This is a bug.
  Silver is unchanged and the day's list uses it. The log names the delivery and the counts. Clear the task once; report the bug if
  it happens again.
- **All tasks are green, but there are no new data**: `settle` logs a warning and posts it to the webhook. Verdict and reason are
  in its XCom `verdict`, in the event of its asset, and in `manifests/sources/<source>/<as_of>.json`.
- **`wait` stays deferred**: the day's delivery is not there, and its cut-off has not passed. Its log says when that is. If it
  stays deferred after that time, `airflow triggerer` does not run. To go on without the delivery, mark the task as successful.
- **`outcomes` is skipped**: no day was published to a console yet, or the worker has no console (extra `console`). Earlier
  results stay in use.
- **`outcomes` is red**: the console's results of the day were not delivered. Fix what the log names and clear the DAG's tasks.
- **Exit code 6**: another run is writing the lake. Airflow retries; if it repeats, look for a run started by hand.
- **Tasks stay in "scheduled"**: the pool is missing. Run `airflow pools set lake_writes 1 "one writer of the lake at a time"`.
- **Run a range again**: `airflow backfill create --dag-id ingest_<source> --from-date 2026-06-01 --to-date 2026-06-07
  --max-active-runs 1 --reprocess-behavior completed`, for each source. `daily_risk` follows.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronPartitionTimetable
from steelyard_dags.assets import settled
from steelyard_dags.settings import Settings, Source, read_settings
from steelyard_dags.task import SettleTask, SteelyardTask
from steelyard_dags.task_defaults import READS_ONLY, run_options, task_defaults
from steelyard_dags.wait import WaitForDelivery

REGISTRATION = "registration"


def ingest_dag(settings: Settings, source: Source) -> DAG:
    """Create the DAG of one source."""
    options = [*run_options(settings), "--source", source.name, "--sources", str(settings.sources_folder)]
    with DAG(
        dag_id=f"ingest_{source.name}",
        description=f"{source.contract} from {source.owner}",
        doc_md=f"{__doc__}\n### This source\nContract: `{source.contract}`. Owner: {source.owner}. {source.trouble}",
        # A day is ingested after it ends, so a run covers the day before its tick.
        schedule=CronPartitionTimetable(settings.cron, timezone=settings.time_zone, run_offset=-1, key_format="%Y-%m-%d"),
        catchup=False,
        max_active_runs=1,
        # `daily_risk` waits for the console's source in every deployment, so it must not stay paused.
        is_paused_upon_creation=False if source.delivered_by else None,
        # Other sources are checked against registrations, so registrations go first.
        default_args=task_defaults(settings, owner=source.owner, priority=10 if source.contract == REGISTRATION else 1),
        tags=["steelyard", "ingest", settings.profile, source.contract],
    ) as dag:
        # If `outcomes` is skipped, earlier deliveries are still ingested.
        ingest = SteelyardTask(verb="ingest", options=options, trigger_rule="none_failed")
        gate = SteelyardTask(verb="gate", options=options)
        conform = SteelyardTask(verb="conform", options=options)
        # It runs whatever became of the tasks before it. It is no teardown: those run even if an operator marks the run as failed.
        settle = SettleTask(
            source=source.name,
            home=settings.home,
            options=options,
            outlets=[settled(settings.profile, source.name)],
            execution_timeout=timedelta(minutes=10),
            trigger_rule="all_done",
        )
        ingest >> gate >> conform >> settle
        # The last tasks decide the state of the run, and `settle` succeeds after a failure too.
        conform >> EmptyOperator(task_id="conformed", pool=READS_ONLY)
        if source.is_waited_for:
            wait = WaitForDelivery(
                source=source,
                sources_folder=settings.sources_folder,
                execution_timeout=timedelta(minutes=10),  # of one look
                pool=READS_ONLY,
            )
            wait >> ingest
        if source.delivered_by:
            deliver = [*run_options(settings), "--sources", str(settings.sources_folder)]
            SteelyardTask(verb=source.delivered_by, options=deliver, is_optional=True, pool=READS_ONLY) >> ingest
    return dag


SETTINGS = read_settings()
for each_source in SETTINGS.sources:
    ingest_dag(SETTINGS, each_source)
