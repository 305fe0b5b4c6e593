"""``python -m jobs.documents DOCS``: write every generated page and figure of the documentation below the folder DOCS."""

from __future__ import annotations

import sys
from pathlib import Path

from jobs.documents.command_line import render_command_line
from jobs.documents.contract_pages import render_data_dictionary, render_indicator_docs
from jobs.documents.engine_functions import with_functions
from jobs.documents.figures import figures


def main(docs: Path) -> None:
    """Write the pages and figures; the part of ``engines.md`` that is not generated stays as it is."""
    reference = docs / "reference"
    (reference / "command-line.md").write_text(render_command_line(), encoding="utf-8")
    (reference / "data-dictionary.md").write_text(render_data_dictionary(), encoding="utf-8")
    (reference / "indicators.md").write_text(render_indicator_docs(), encoding="utf-8")
    for name, figure in figures().items():
        (docs / "explanation" / "figures" / name).write_text(figure, encoding="utf-8")
    engines = reference / "engines.md"
    engines.write_text(with_functions(engines.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
