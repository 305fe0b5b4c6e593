"""The pages say what is so."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest

from jobs.documents.command_line import render_command_line
from jobs.documents.figures import figures
from jobs.engine.apache_spark import POSTGRESQL_JAR, delta_jar
from jobs.profile.profile import Profile
from tests.failures import error_classes

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def page_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(path: Path) -> set[str]:
    """The addresses of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_to_our_own_pages_lead_somewhere(page: Path) -> None:
    lost = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            lost.append(target)

    assert lost == []


def test_every_page_under_docs_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        targets = [target.partition("#")[0] for target in LINK.findall(page.read_text(encoding="utf-8"))]
        waiting += [(page.parent / target).resolve() for target in targets if target and ":" not in target]

    assert [page_id(page) for page in PAGES if page not in reached] == []


def test_every_page_under_docs_is_in_one_table_of_contents() -> None:
    """A page that moved keeps its old address for a while as an orphan, which names the new one."""
    pages = {page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")}
    orphans = {name for name in pages if (DOCS / f"{name}.md").read_text(encoding="utf-8").startswith("---\norphan: true\n---")}
    listed = [entry for page in sorted(DOCS.rglob("*.md")) for entry in contents_of(page)]

    assert sorted(pages - orphans - set(listed) - {"index"}) == []
    assert [name for name, count in Counter(listed).items() if count > 1] == []


def contents_of(page: Path) -> Iterator[str]:
    """The pages that a page's tables of contents list, relative to ``docs``; a pattern lists what an earlier line does not."""
    found: set[str] = set()
    for block in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for line in filter(None, (line.strip() for line in block.splitlines())):
            if line.startswith(":"):
                continue
            paths = sorted(page.parent.glob(f"{line}/*.md" if line.endswith("**") else f"{line}.md"))
            found |= {path.relative_to(DOCS).with_suffix("").as_posix() for path in paths}
    yield from sorted(found)


def test_generated_pages_and_figures_are_current() -> None:
    figures_now = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "explanation" / "figures").glob("*.svg")}

    assert (DOCS / "reference" / "command-line.md").read_text(encoding="utf-8") == render_command_line(), "run `make docs`"
    assert figures_now == figures(), "run `make docs`"


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_asks_no_other_host(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", str(tmp_path / "trees"), str(DOCS)]
    built = subprocess.run([*command, str(tmp_path / "site")], capture_output=True, text=True, check=False)

    assert (built.returncode, built.stderr) == (0, "")
    pages = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.html"))
    styles = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.css"))
    assert re.findall(r'<(?:script|img|link|iframe)[^>]+(?:src|href)="(?:https?:)?//[^"]*"', pages) == []
    assert re.findall(r"url\(\s*[\"']?(?:https?:)?//|@import", styles) == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_make_commands_that_a_page_names_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    # Commands stand in code, so that "make a list" in a sentence is none.
    code = re.findall(r"`make ([a-z-]+)`|^\$ make ([a-z-]+)", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    named = {first or second for first, second in code}

    assert named, f"{page} names no make command"
    assert named - targets == set()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_files_of_code_that_a_page_names_exist(page: str) -> None:
    named = re.findall(r"`([a-z_/.-]+/[a-z_.-]+\.(?:py|toml))`", (ROOT / page).read_text(encoding="utf-8"))

    assert named, f"{page} names no file"
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_verbs_that_the_readme_runs_are_verbs() -> None:
    verbs = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]["steelyard.verbs"]
    named = set(re.findall(r"steelyard ([a-z-]+)", "\n".join(FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8")))))

    assert {"run", "trace", "doctor"} <= named
    assert named - {"cd"} - set(verbs) == set()


def test_every_term_of_the_glossary_is_in_english_and_chinese_with_a_meaning() -> None:
    lines = (DOCS / "reference" / "glossary.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")][2:]
    unsound = [row for row in rows if len(row) != 3 or not (re.search("[a-z]", row[0]) and re.search("[一-鿿]", row[1]) and row[2])]

    assert len(rows) > 30
    assert unsound == []
    assert len({row[0] for row in rows}) == len(rows), "a term stands twice"


def test_every_setting_of_a_profile_is_explained() -> None:
    text = (DOCS / "reference" / "profile.md").read_text(encoding="utf-8")
    profile = tomllib.loads((ROOT / "config" / "cn" / "profile.toml").read_text(encoding="utf-8"))
    names = {name for name, value in profile.items() if not isinstance(value, dict)}
    names |= {name for section in profile.values() if isinstance(section, dict) for name in section}
    names |= {setting.name for shape in get_type_hints(Profile).values() if is_dataclass(shape) for setting in fields(shape)}
    sections = {name for name, value in profile.items() if isinstance(value, dict)}

    assert {name for name in names if f"`{name}`" not in text} == set()
    assert {name for name in sections if f"### [{name}]" not in text} == set()


def test_every_exit_code_is_explained() -> None:
    text = (DOCS / "reference" / "exit-codes.md").read_text(encoding="utf-8")

    assert {kind.__name__ for kind in error_classes() if f"\n| {kind.exit_code} |" not in text} == set()


def test_every_variable_that_is_read_is_explained() -> None:
    text = (DOCS / "reference" / "environment.md").read_text(encoding="utf-8")
    code = [path.read_text(encoding="utf-8") for folder in ("jobs", "dags", "simulation") for path in (ROOT / folder).rglob("*.py")]
    names = {name for source in code for name in re.findall(r"\bSTEELYARD_[A-Z_]+", source)}

    assert {name for name in names if f"`{name}`" not in text} == set()


def test_jars_that_a_page_names_are_those_that_an_application_is_given() -> None:
    named = {
        jar
        for page in PAGES
        for jar in re.findall(r"(?:io\.delta|org\.postgresql):[\w.-]+:[\w.-]+", page.read_text(encoding="utf-8"))
    }

    assert named == {delta_jar(), POSTGRESQL_JAR}


def test_decisions_are_numbered_listed_and_have_the_sections_of_the_template() -> None:
    folder = DOCS / "adr"
    records = sorted(folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text(encoding="utf-8")
    sections = ["Status", "Context", "Decision", "Consequences", "Rejected alternatives"]

    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    assert [path.name for path in records if f"({path.name})" not in index] == []
    assert {path.name: found for path in records if (found := _sections(path)) != sections} == {}


def test_every_appendix_belongs_to_a_decision_that_links_to_it() -> None:
    folder = DOCS / "adr"
    appendices = sorted((folder / "appendix").glob("*.md"))

    assert appendices
    assert [
        path.name for path in appendices if f"(appendix/{path.name}" not in (folder / path.name).read_text(encoding="utf-8")
    ] == []


def _sections(record: Path) -> list[str]:
    return re.findall(r"^## (.+)$", record.read_text(encoding="utf-8"), re.MULTILINE)
