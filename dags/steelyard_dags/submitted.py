"""The application for spark-submit: it calls the command line on the submitted Spark session.

spark-submit needs a .py file. This one imports nothing of the project; it finds the installed command by its name.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points

MISSING = 2  # the command line's exit code for an invalid configuration

if __name__ == "__main__":
    # Python puts this file's folder first on the path, but its modules belong to the DAGs.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder or os.curdir) != here]
    commands = list(entry_points(group="console_scripts", name="steelyard"))
    if not commands:
        print(f"steelyard is not installed for {sys.executable}: set PYSPARK_PYTHON to the Python that has it", file=sys.stderr)
        sys.exit(MISSING)
    os.environ["STEELYARD_ENGINE"] = "submitted"
    sys.exit(commands[0].load()())
