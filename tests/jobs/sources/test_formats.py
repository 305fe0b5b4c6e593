"""A format that is registered can be named in a mapping, recognised and read; no other list names it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path

import pyarrow as pa

from jobs.formats import registry
from jobs.formats.raw_records import RAW, ROW, RawChunk

def read_pairs(file):
    lines = file.path.read_text().splitlines()[1:]
    values = [dict(pair.split("=") for pair in line.split(";")) for line in lines]
    columns = file.columns or tuple(values[0])
    table = pa.table({name: [value.get(name) for value in values] for name in columns})
    rows = pa.array(range(1, len(lines) + 1), pa.int64())
    yield RawChunk(table.append_column(ROW, rows).append_column(RAW, pa.array(lines)))

pairs = registry.Format("pairs", read_pairs, lambda head: head.startswith(b"PK\\x03\\x04"), lambda _: {"encoding": "ascii"})
registry.FILE_FORMATS = {"pairs": pairs, **registry.FILE_FORMATS}

from jobs.onboarding.mapping_draft import draft_mapping
from tests.jobs.sources.raw_reading import mapping_of, read_raw

path = Path(sys.argv[1])
print(*[line for line in draft_mapping(path, "complaint").splitlines() if line.startswith("format ")])
mapping = mapping_of("pairs", ("id", "shop"), lookups=[{"name": "l", "files": "l", "format": "pairs", "key": "id"}])
print([chunk.rows["shop"].to_pylist() for chunk in read_raw(path, mapping)])
"""


def test_a_registered_format_is_recognised_named_and_read(tmp_path: Path) -> None:
    path = tmp_path / "2026-06-01.pairs"
    path.write_bytes(b"PK\x03\x04\nid=1;shop=a\nid=2;shop=b\n")
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ['format = "pairs"', "[['a', 'b']]"], done.stderr
