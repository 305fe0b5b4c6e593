"""Make the homes of this folder: `python tests/jobs/lake/homes_before/make.py` at the commit whose homes are wanted.

The archives here were made at commit 09ee768. No test runs this script. Each archive holds `home`, `profile` and `sources`:

- `rule.tar.xz`: the town of tests/day, with 2026-06-29 run. Its model is the declared rule.
- `learnt.tar.xz`: the same town with 20 more visits and lower minimums. Its model is learnt.

Manifests and table logs name the folder of a run, so the days run in /srv/steelyard, which must not exist before.
Then write the expected lists:
`STEELYARD_WRITE_EXPECTED=1 pytest -m 'slow or not slow' tests/jobs/lake/test_home_of_before.py`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
TOWN = ROOT / "tests" / "day"
PLACE = Path("/srv/steelyard")
DAY = "2026-06-29"
DELIVERED = 1_782_900_000  # the modification time of every delivered file, in seconds since 1970

NOT_VISITED = (2, 11, 14, 22)  # the town visits three of them itself; 22 is closed
FOUND = (5, 7, 15, 16, 18, 20, 21, 24)
HEADER = "no,shop,why,planned,visited,reported,state,items,breaches,grade,found"
LOWER = {"minimum_labels = 300": "minimum_labels = 20", "minimum_positives = 30": "minimum_positives = 4"}


def main() -> None:
    """Make both homes and pack them."""
    for name in ("rule", "learnt"):
        PLACE.mkdir(parents=True)
        try:
            shutil.copytree(TOWN / "profile", PLACE / "profile")
            shutil.copytree(TOWN / "sources", PLACE / "sources")
            if name == "learnt":
                add_visits()
                lower_minimums()
            for path in (PLACE / "sources").rglob("*"):
                os.utime(path, (DELIVERED, DELIVERED))
            run_day()
            pack(HERE / f"{name}.tar.xz")
        finally:
            shutil.rmtree(PLACE)


def add_visits() -> None:
    """Add one random visit in May for most shops."""
    lines = [HEADER]
    for shop in range(1, 25):
        if shop not in NOT_VISITED:
            day = f"2026-05-{4 + shop:02}"
            result = "3,2,yes" if shop in FOUND else "0,0,no"
            lines.append(f"W{shop:02},S{shop:02},drawn,{day},{day},2026-05-31 09:{shop:02},made,20,{result}")
    (PLACE / "sources" / "visits" / "2026-05-31" / "more.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def lower_minimums() -> None:
    """Let the profile learn from few visits."""
    path = PLACE / "profile" / "profile.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in LOWER.items():
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def run_day() -> None:
    """Run `steelyard run` for the day, in an environment without settings of Steelyard."""
    folders = ["--profile", str(PLACE / "profile"), "--sources", str(PLACE / "sources"), "--home", str(PLACE / "home")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STEELYARD_")}
    subprocess.run([sys.executable, "-m", "jobs.cli", "run", *folders, "--as-of", DAY], cwd=ROOT, env=environment, check=True)


def pack(archive: Path) -> None:
    """Write the three folders, in the order of their names, without users and with times in whole seconds."""
    with tarfile.open(archive, "w:xz", preset=9, format=tarfile.PAX_FORMAT) as out:
        for path in sorted(PLACE.rglob("*")):
            entry = out.gettarinfo(path, path.relative_to(PLACE).as_posix())
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mode = 0o755 if entry.isdir() else 0o644
            entry.mtime = int(entry.mtime)
            if entry.isfile():
                with path.open("rb") as body:
                    out.addfile(entry, body)
            else:
                out.addfile(entry)


if __name__ == "__main__":
    main()
