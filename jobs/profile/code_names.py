"""The names that a profile gives to codes of its own: ``names/industries.csv`` and ``names/regions.csv`` in its folder.

The columns are ``code`` and languages, such as ``en`` and ``zh-Hans``. Lines that begin with ``#`` are comments.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from jobs.profile.validation import Problem, refuse

CODE = "code"
INDUSTRY, REGION = "industry", "region"
FILES = {INDUSTRY: "names/industries.csv", REGION: "names/regions.csv"}
"""The file of each kind of code."""
CodeNames = dict[str, dict[str, dict[str, str]]]
"""Names by kind of code, code and language."""


def read_code_names(folder: Path) -> CodeNames:
    """The names in a profile's folder; a kind without a file has none.

    Raises:
        ConfigError: when a file cannot be used; it names every problem at once.
    """
    found: CodeNames = {}
    for kind, path in name_files(folder).items():
        problems, names, _ = read_names(path)
        refuse(problems, path)
        found[kind] = names
    return found


def name_files(folder: Path) -> dict[str, Path]:
    """The existing files of names in a profile's folder, by kind of code."""
    return {kind: folder / name for kind, name in FILES.items() if (folder / name).is_file()}


def read_names(path: Path) -> tuple[list[Problem], dict[str, dict[str, str]], tuple[str, ...]]:
    """Every problem with a file of names, the names by code and language, and the languages of its header."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return [Problem("the file", f"is not UTF-8: {error}", "save it as UTF-8")], {}, ()
    except OSError as error:
        return [Problem("the file", f"cannot be read: {error.strerror}", "allow reading it")], {}, ()
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip() and not line.startswith("#")]
    rows = [[cell.strip() for cell in row] for row in csv.reader(line for _, line in lines)]
    header = rows[0] if rows else []
    if CODE not in header or len(set(header)) < len(header) or len(rows) != len(lines):
        then = f"begin with a line such as {CODE},en,zh-Hans, each name once, and write each row on one line"
        return [Problem("the header", f"is {','.join(header)!r}", then)], {}, ()
    names: dict[str, dict[str, str]] = {}
    problems: list[Problem] = []
    for (number, _), row in zip(lines[1:], rows[1:], strict=True):
        said = {language: text for language, text in zip(header, row, strict=False) if text}
        code = said.pop(CODE, "")
        if wrong := _problem(code, said, len(row) == len(header), code in names):
            problems.append(Problem(f"line {number}", *wrong))
        else:
            names[code] = said
    return problems, names, tuple(name for name in header if name != CODE)


def _problem(code: str, names: Mapping[str, str], is_whole: bool, is_repeated: bool) -> tuple[str, str] | None:
    """What is wrong with a row and what to do; None for a sound one."""
    if not is_whole:
        return "has another number of fields than the header", 'write "…" around a name with a comma'
    if not code:
        return "has no code", "write the code as it is in the records"
    if not names:
        return f"gives {code!r} no name", "write a name in at least one language, or remove the line"
    if is_repeated:
        return f"names {code!r} again", "keep one line for each code"
    return None
