"""Run by test_submit.py in a separate process: let a task make a call, without running it, and write what it logs.

The arguments after the output path are the call.
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
