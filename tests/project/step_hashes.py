"""Write ``step_hashes.json`` beside this file: ``python -m tests.project.step_hashes``. Tables are then rebuilt once."""

from __future__ import annotations

import json

from jobs.foundation.code_version import STEP_ROOTS, code_version
from tests.project.test_code_version import HASHES

if __name__ == "__main__":
    HASHES.write_text(json.dumps({step: code_version(step) for step in STEP_ROOTS}, indent=2) + "\n", encoding="utf-8")
