"""Run by test_dag_parsing.py in a separate process: parse the DAGs without the project's packages, and write the result."""

import importlib.abc
import json
import os
import sys
from pathlib import Path

OURS = {"benchmarks", "config", "console", "expectations", "jobs", "ledger", "models", "notebooks", "simulation"}
HEAVY = {"deltalake", "django", "great_expectations", "lightgbm", "pandas", "pyarrow", "pysail", "pyspark", "sklearn"}


class BlockImports(importlib.abc.MetaPathFinder):
    """Block imports of the project's packages and record attempts."""

    def __init__(self) -> None:
        self.attempts: set[str] = set()

    def find_spec(self, fullname, _path=None, _target=None):
        if fullname in OURS:
            self.attempts.add(fullname)
            raise ModuleNotFoundError(f"blocked: {fullname}", name=fullname)


blocker = BlockImports()
sys.meta_path.insert(0, blocker)

from airflow.dag_processing.dagbag import BundleDagBag  # noqa: E402
from airflow.serialization.serialized_objects import DagSerialization  # noqa: E402

before = set(sys.modules)
folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
bag = BundleDagBag(folder, bundle_path=folder, bundle_name="dags")
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}

Path(sys.argv[1]).write_text(
    json.dumps(
        {
            "import_errors": bag.import_errors,
            "blocked": sorted(blocker.attempts),
            "heavy": sorted(loaded & (HEAVY | OURS)),
            "files": sorted({Path(dag.fileloc).name for dag in bag.dags.values()}),
            "dags": {
                dag_id: {
                    "tags": sorted(dag.tags),
                    "doc": dag.doc_md or "",
                    "catchup": dag.catchup,
                    "is_paused_upon_creation": dag.is_paused_upon_creation,
                    "max_active_runs": dag.max_active_runs,
                    "timetable": type(dag.timetable).__name__,
                    "time_zone": str(getattr(dag.timetable, "timezone", "")),
                    "assets": sorted(asset.name for asset in getattr(dag.timetable.asset_condition, "objects", ())),
                    "serializes": bool(DagSerialization.serialize_dag(dag)),
                    "tasks": {
                        task.task_id: {
                            "owner": task.owner,
                            "pool": task.pool,
                            "pool_slots": task.pool_slots,
                            "retries": task.retries,
                            "seconds": task.execution_timeout.total_seconds() if task.execution_timeout else None,
                            "on_failure": [callback.__name__ for callback in task.on_failure_callback],
                            "upstream": sorted(task.upstream_task_ids),
                            "outlets": [asset.name for asset in task.outlets],
                            "links": [link.name for link in task.operator_extra_links],
                            "is_teardown": task.is_teardown,
                            "trigger_rule": str(task.trigger_rule.value),
                        }
                        for task in dag.tasks
                    },
                }
                for dag_id, dag in bag.dags.items()
            },
        }
    ),
    encoding="utf-8",
)
