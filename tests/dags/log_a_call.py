"""Run by test_submit.py in a process of its own: have a task make a call, which is not run, and say what it logs of it.

The words after the answer's path are the call's.
"""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, os.environ["AIRFLOW__CORE__DAGS_FOLDER"])

from steelyard_dags import task
from steelyard_dags.submit import Call

lines: list[str] = []
task.RunningCommand = lambda *_: SimpleNamespace(follow=lambda _tell: (0, ""))
teller = SimpleNamespace(log=SimpleNamespace(info=lambda form, *words: lines.append(form % words)))
task.SteelyardTask._run(teller, Call(sys.argv[2:]))
Path(sys.argv[1]).write_text(json.dumps({"lines": lines}), encoding="utf-8")
