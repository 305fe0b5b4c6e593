"""A banned word is found wherever a reader meets it; an allowed name and a word that only looks like one are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.check_language import main, search, searched
from tests.project.measure_code import tracked
from tests.project.planted import checkout


def found(root: Path, files: dict[str, str]) -> list[tuple[str, int, str]]:
    """File, line and text of the words that are found."""
    return [(one.path, one.line, one.word) for one in search(checkout(root, files), searched(tracked(root)))]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x = 1  # built afresh", "afresh"),
        ("def reckon_figures(): ...", "reckon"),
        ('"""How it is Reckoned."""', "Reckoned"),
        ("is_told = 1", "told"),
        ("class ToldReasons: ...", "Told"),
        ("WhoeverOption = 1", "Whoever"),
        ("NOT_MENDED = 1", "MENDED"),
        ("one_of_which = 1", "of which"),
    ],
)
def test_a_banned_word_is_found(tmp_path: Path, text: str, word: str) -> None:
    assert found(tmp_path, {"jobs/a.py": f"\n{text}\n"}) == [("jobs/a.py", 2, word)]


def test_a_phrase_is_found_across_lines_of_a_comment(tmp_path: Path) -> None:
    assert found(tmp_path, {"jobs/a.py": "# two files, one of\n# which is new\n"}) == [("jobs/a.py", 1, "of which")]


@pytest.mark.parametrize(
    "text", ["toldo", "untold_", "recommended", "amended", "the bee is", "Mendelian", "soft which", "lesta", "least"]
)
def test_a_word_that_only_looks_like_one_is_not_found(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, {"jobs/a.py": f"# {text}\n"}) == []


def test_an_allowed_name_is_not_found_but_the_word_beside_it_is(tmp_path: Path) -> None:
    text = 'Option("--afresh")\n# afresh\n# --afresh-all\n'
    assert found(tmp_path, {"jobs/a.py": text}) == [("jobs/a.py", 2, "afresh"), ("jobs/a.py", 3, "afresh")]
    assert ("console/a.py", 1, "afresh") in found(tmp_path, {"console/a.py": text})


def test_pages_settings_scripts_and_make_are_searched_but_no_other_file(tmp_path: Path) -> None:
    names = ("a.md", "a.toml", "a.html", "a.sh", "a.sql", "Makefile", "a.csv", "console/b/migrations/0001.py")
    assert sorted(path for path, _, _ in found(tmp_path, dict.fromkeys(names, "anew\n"))) == sorted(names[:6])


def test_the_check_fails_and_says_what_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(tmp_path, {"jobs/a.py": "# whoever\n", "a.md": "plain\n"})
    assert main(["--root", str(root)]) == 1
    assert "jobs/a.py:1: 'whoever'; write instead: a person who" in capsys.readouterr().err
    (root / "jobs" / "a.py").write_text("# the one who\n")
    assert main(["--root", str(root)]) == 0
