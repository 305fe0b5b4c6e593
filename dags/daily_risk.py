"""Make the day's risk list: link complaints, compute indicators, score entities, select the list, publish it.

The DAG runs for a day when all sources are settled for it (see the `ingest_…` DAGs). The partition key is the day, `as_of`.

The tasks are `in_order` → `link` → `features` → `train` → `score` → `target` → `export` → `publish`. `train` does nothing unless
it is due.
Each task writes its whole day or nothing. Running a day again replaces only that day. The page is
`reports/risk_list_<as_of>.html` in the home; it names sources without new data. `publish` adds the day to the console.

`in_order` refuses a day without a list when a later day has one: what changed since the day before would be wrong in both. A
day that had a list is made again, and a run by hand is never refused.

### Triage
- **`in_order` is red**: a later day has a list already. If the older day needs one as well, trigger it by hand, as below.
- **No run for a day**: a source is not settled. The DAG's page shows the assets it waits for; check their ingest DAGs.
- **A task is red**: the last lines of its log say what failed, where, and what to do. Fix it, clear the task and those after it.
- **`target` is red with exit code 4**: the inputs of the list changed after `score`. Clear `features` and those after it.
- **`train` is red**: a model was due and could not be trained; the last lines of its log say why.
- **`publish` is skipped**: the worker has no console (extra `console`). The list and its page are complete.
- **`publish` is red**: the console still shows the previous day. Fix what the log names and clear only this task.
- **Run a day again**: `airflow dags trigger daily_risk --conf '{"as_of": "2026-06-30"}'`. Airflow cannot backfill this DAG, as it
  has no schedule. Backfill all ingest DAGs instead; this DAG follows.
"""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import and_

from airflow.sdk import DAG, PartitionedAssetTimetable, chain
from steelyard_dags.assets import risk_list, settled
from steelyard_dags.in_order import InOrder
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
        InOrder(home=SETTINGS.home, pool=READS_ONLY, execution_timeout=timedelta(minutes=10)),
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
