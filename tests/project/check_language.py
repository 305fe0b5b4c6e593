"""Find words that plain English does without: `python -m tests.project.check_language`.

It prints each word with file, line and what to write instead, and exits with 1 if there is one. The words and the allowed names
are in `banned_words.toml` beside this file. Comments, strings and names are searched in the tracked files of code, documentation,
settings and pages; migrations of the console's database are left out.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from tests.project.measure_code import tracked

WORDS = Path(__file__).resolve().parent / "banned_words.toml"
ENDINGS = {".py", ".md", ".toml", ".html", ".sh", ".sql"}
NAMES = {"Makefile"}
SKIPPED = {"tests/project/banned_words.toml", "tests/project/test_check_language.py"}
"""The words themselves, and the test that plants some."""
GAP = r"(?:[ \t_]+|[ \t]*\n[ \t]*(?:#+|--)?[ \t]*)"
"""What separates two words: blanks, an underscore, or a line's end with the mark of a comment."""


@dataclass(frozen=True)
class Found:
    """A banned word in a file, and what to write instead."""

    path: str
    line: int
    word: str
    write: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.word!r}; write instead: {self.write}"


@dataclass(frozen=True)
class Allowed:
    """A text that is allowed in the files that match one of the patterns."""

    text: str
    files: tuple[str, ...]

    def spans(self, path: str, body: str) -> list[tuple[int, int]]:
        """The spans of the text in the file."""
        if not any(fnmatchcase(path, pattern) for pattern in self.files):
            return []
        return [match.span() for match in re.finditer(rf"{re.escape(self.text)}(?![\w-])", body)]


def main(arguments: list[str] | None = None) -> int:
    """Print what is found; return the exit code."""
    parser = argparse.ArgumentParser(description="Find words that plain English does without.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2], help="the checkout to search")
    options = parser.parse_args(arguments)
    found = list(search(options.root, searched(tracked(options.root))))
    for one in found:
        print(one, file=sys.stderr)
    return 1 if found else 0


def searched(paths: Iterable[str]) -> list[str]:
    """The files whose text is searched."""
    return [
        path
        for path in paths
        if (PurePosixPath(path).suffix in ENDINGS or PurePosixPath(path).name in NAMES)
        and "migrations" not in PurePosixPath(path).parent.parts
        and path not in SKIPPED
    ]


def search(root: Path, paths: Iterable[str]) -> Iterator[Found]:
    """Every banned word that is not allowed, by file and line."""
    table = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    instead = {word: entry["write"] for entry in table["word"] for word in entry["words"]}
    pattern = pattern_of(instead)
    allowed = [Allowed(entry["text"], tuple(entry["files"])) for entry in table["allowed"]]
    for path in paths:
        body = (root / path).read_text(encoding="utf-8")
        spans = [span for one in allowed for span in one.spans(path, body)]
        for match in pattern.finditer(body):
            if not any(start <= match.start() and match.end() <= end for start, end in spans):
                word = list(instead)[int(match.lastindex or 1) - 1]
                yield Found(path, body.count("\n", 0, match.start()) + 1, re.sub(GAP, " ", match.group()), instead[word])


def pattern_of(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern with one group for each word, in their order.

    A word starts after a character that is no letter, or with a capital after a small letter, as in `isOld`. It ends before a
    character that is no letter, or before the capital of the next word.
    """
    return re.compile("|".join(f"({_one(word)})" for word in words))


def _one(word: str) -> str:
    text = GAP.join(re.escape(part).replace(r"\*", "[A-Za-z]*") for part in word.split(" "))
    return rf"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:{text})(?![a-z])(?!(?<=[A-Z])[A-Z])"


if __name__ == "__main__":
    sys.exit(main())
