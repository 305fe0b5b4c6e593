"""The day's risk list: link complaints to entities, compute indicators, score, choose whom to visit, publish the list.

It runs for a day when every source is settled for that day (see the `ingest_…` DAGs); the partition key is the day, the `as_of`.

The tasks are `link` → `features` → `train` → `score` → `target` → `export` → `publish`; `train` does nothing unless it is due.
Each writes its day whole, or not at all; doing a day again replaces that day and nothing else. The page is
`reports/risk_list_<as_of>.html` in the home; sources without news are named on it. `publish` puts the day
where the console shows it.

### Triage
- **No run for a day**: a source is not settled. The DAG's page names the assets it waits for; look at their ingest DAGs.
- **A task is red**: the last lines of its log say what, where and what to do. Mend it and clear the task with those after it.
- **`target` is red with exit code 4**: what the list rests on was changed since `score`; clear `features` with those after it.
- **`train` is red**: a model was due and could not be made; the last lines of its log say why.
- **`publish` is skipped**: the worker has no console (no extra `console`). The list and its page are made all the same.
- **`publish` is red**: the console goes on showing the day before, whole. Mend what the log names and clear this task alone.
- **Do a day again**: `airflow dags trigger daily_risk --conf '{"as_of": "2026-06-30"}'`. Airflow cannot backfill this DAG, since it
  has no schedule of its own: backfill the ingest DAGs, all of them, and it follows.
"""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import and_

from airflow.sdk import DAG, PartitionedAssetTimetable, chain
from steelyard_dags.assets import risk_list, settled
from steelyard_dags.settings import read_settings
from steelyard_dags.task import SteelyardTask
from steelyard_dags.task_defaults import READS_ONLY, run_options, task_defaults

SETTINGS = read_settings()
OPTIONS = run_options(SETTINGS)
EVERY_SOURCE = reduce(and_, [settled(SETTINGS.profile, source.name) for source in SETTINGS.sources])

with DAG(
    dag_id="daily_risk",
    description="The day's risk list",
    doc_md=__doc__,
    schedule=PartitionedAssetTimetable(assets=EVERY_SOURCE),
    catchup=False,
    max_active_runs=1,
    default_args=task_defaults(SETTINGS, longest=timedelta(hours=4)),
    tags=["steelyard", "risk", SETTINGS.profile],
):
    chain(
        *(SteelyardTask(verb=verb, options=OPTIONS) for verb in ("link", "features")),
        SteelyardTask(verb="train", options=[*OPTIONS, "--if-due"]),
        *(SteelyardTask(verb=verb, options=OPTIONS) for verb in ("score", "target")),
        SteelyardTask(
            task_id="export",
            verb="export",
            options=["risk_list", *OPTIONS, "--format", "html", "--out", f"{SETTINGS.home}/reports/risk_list_{{as_of}}.html"],
            outlets=[risk_list(SETTINGS.profile)],
        ),
        SteelyardTask(verb="publish", options=OPTIONS, is_optional=True, pool=READS_ONLY),
    )
