"""What spark-submit is given: it calls the command line, as `steelyard` does, on the session that the submission describes.

spark-submit takes a .py file and no command. This one imports nothing of ours; it finds the installed command by its name.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points

MISSING = 2  # as the command line says of a configuration that cannot be used

if __name__ == "__main__":
    # Python puts this file's folder first on the path; its modules are no one's but the DAGs'.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder or os.curdir) != here]
    commands = list(entry_points(group="console_scripts", name="steelyard"))
    if not commands:
        print(f"steelyard is not installed for {sys.executable}: let PYSPARK_PYTHON name the Python that has it", file=sys.stderr)
        sys.exit(MISSING)
    os.environ["STEELYARD_ENGINE"] = "submitted"
    sys.exit(commands[0].load()())
