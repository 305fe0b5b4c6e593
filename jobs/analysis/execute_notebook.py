"""Run notebooks that are py:percent scripts, and save their results.

``python -m jobs.analysis.execute_notebook FOLDER SCRIPT…``
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jobs.foundation.errors import ConfigError, InputMissing, SteelyardError
from jobs.foundation.files import write_atomic

if TYPE_CHECKING:
    from nbformat import NotebookNode

CELL_SECONDS = 600
USAGE = "python -m jobs.analysis.execute_notebook FOLDER SCRIPT…"
LOG = logging.getLogger(__name__)


def execute_notebook(script: Path) -> NotebookNode:
    """Run a script's cells in a new kernel, in the script's folder, and return the notebook with its results.

    Raises:
        InputMissing: when there is no such script, Jupyter's parts are not installed, or a cell finds nothing to show.
        ConfigError: when a cell fails; the message has the cell's error.
    """
    try:
        import jupytext
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError
        from traitlets.config import Config
    except ImportError as error:
        raise InputMissing(
            what=f"{error.name} is not installed",
            where="this Python environment",
            next_step="run `make setup`, which installs what notebooks need; it is the extra `notebooks`",
        ) from error
    if not script.is_file():
        raise InputMissing(what="there is no such notebook", where=str(script), next_step="name a script of notebooks/")
    notebook = jupytext.read(script)
    # Socket files in a private folder instead of ports, so that no other user of the machine can connect.
    with TemporaryDirectory(prefix="steelyard-kernel-") as sockets:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": str(script.parent)}},
            config=Config({"KernelManager": {"transport": "ipc", "ip": str(Path(sockets) / "kernel")}}),
        )
        try:
            return client.execute()
        except (CellExecutionError, CellTimeoutError) as error:
            if isinstance(error, CellExecutionError) and error.ename == InputMissing.__name__:
                raise InputMissing(what=error.evalue, where=str(script), next_step="no notebook is written") from error
            raise ConfigError(
                what=f"a cell failed: {str(error).strip()}", where=str(script), next_step="correct the cell, and run it again"
            ) from error


def main(words: list[str] | None = None) -> int:
    """Run each script, save its notebook as ``FOLDER/NAME.ipynb``, and return the exit code."""
    import nbformat

    given = sys.argv[1:] if words is None else words
    if len(given) < 2:
        LOG.error("usage: %s", USAGE)
        return ConfigError.exit_code
    for script in map(Path, given[1:]):
        try:
            notebook = execute_notebook(script)
        except SteelyardError as error:
            LOG.error("%s", error)
            return error.exit_code
        path = Path(given[0]) / f"{script.stem}.ipynb"
        write_atomic(path, nbformat.writes(notebook).encode())
        LOG.info("%s", path)
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    LOG.setLevel(logging.INFO)
    sys.exit(main())
