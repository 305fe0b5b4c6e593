"""Run by test_dag_runs.py in a process of its own: run DAGs by Airflow's own `dag.test()`, and say how each task ended.

Each word after the answer's path is a case as JSON: its name, the DAG, the run's conf, and variables to set for it.
"""

import json
import os
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import BundleDagBag
from airflow.models.asset import AssetEvent, AssetPartitionDagRun
from airflow.utils.session import create_session
from sqlalchemy import select

folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
bag = BundleDagBag(folder, bundle_path=folder, bundle_name="dags-folder")
answers = {}
for case in map(json.loads, sys.argv[2:]):
    os.environ.update(case["environment"])
    run = bag.dags[case["dag"]].test(run_conf=case["conf"])
    for name in case["environment"]:
        del os.environ[name]
    with create_session() as session:
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == run.run_id)).all()
        awaited = session.scalars(select(AssetPartitionDagRun).order_by(AssetPartitionDagRun.id)).all()
        answers[case["name"]] = {
            "run": str(run.state),
            "tasks": {task.task_id: str(task.state) for task in run.get_task_instances(session=session)},
            "events": [[event.asset.name, event.partition_key] for event in events],
            "awaited": [[row.target_dag_id, row.partition_key] for row in awaited],
        }
Path(sys.argv[1]).write_text(json.dumps(answers), encoding="utf-8")
