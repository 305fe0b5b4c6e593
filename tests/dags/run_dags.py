"""Run by test_dag_runs.py in a separate process: run DAGs with `dag.test()` and write the state of each task.

Each argument after the output path is a case as JSON: name, DAG, conf of the run, and environment variables. A case without a
DAG moves the first look of the watch to its ``as_of``.
"""

import json
import os
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import BundleDagBag
from airflow.models.asset import AssetEvent, AssetPartitionDagRun
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import select

folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
bag = BundleDagBag(folder, bundle_path=folder, bundle_name="dags-folder")
answers = {}
for case in map(json.loads, sys.argv[2:]):
    if not case["dag"]:
        with create_session() as session:
            for row in session.scalars(select(XComModel).where(XComModel.key == "seen")):
                row.value = {**row.value, "first_days": dict.fromkeys(row.value["first_days"], case["conf"]["as_of"])}
        continue
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
            "extras": [event.extra for event in events],
            "verdicts": [
                XComModel.deserialize_value(row)
                for row in session.scalars(select(XComModel).where(XComModel.run_id == run.run_id, XComModel.key == "verdict"))
            ],
            "awaited": [[row.target_dag_id, row.partition_key] for row in awaited],
        }
Path(sys.argv[1]).write_text(json.dumps(answers), encoding="utf-8")
