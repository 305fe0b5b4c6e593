"""Check a profile and its source mappings: report every problem, and try each expression on the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from expectations.contracts.lineage import KNOWN_AT
from jobs.formats.raw_records import declared_type
from jobs.formats.registry import FILE_FORMATS
from jobs.foundation.errors import ConfigError, first_line
from jobs.foundation.files import read_toml
from jobs.profile.load_profile import profile_problems
from jobs.profile.mapping import SourceMapping, build_mapping, mapping_paths
from jobs.profile.mapping_schema import name_problems, shape_problems
from jobs.profile.mapping_sql import calls, tokens, with_try
from jobs.profile.validation import Problem, near
from jobs.sources.deliveries import find_all_deliveries, find_lookup_files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Functions that raise on a value that they cannot read, and the replacement.
_RAISING = {
    "to_date": "cast(try_to_timestamp(x, format) as date)",
    "to_number": "try_to_number",
    "element_at": "try_element_at",
    "make_date": "cast(try_to_timestamp(text, format) as date)",
    "make_timestamp": "try_make_timestamp",
    "assert_true": "a condition",
    "raise_error": "NULL",
    "int": "try_cast(x as int)",
    "bigint": "try_cast(x as bigint)",
    "double": "try_cast(x as double)",
    "float": "try_cast(x as double)",
    "date": "cast(try_to_timestamp(x, format) as date)",
    "timestamp": "try_to_timestamp(x, format)",
    "boolean": "try_cast(x as boolean)",
}
_NONDETERMINISTIC = {
    "now", "current_date", "current_timestamp", "curdate", "localtimestamp", "rand", "random", "randn", "uuid", "shuffle",
    "monotonically_increasing_id",
}  # fmt: skip
_MULTIPLYING = {"explode", "explode_outer", "posexplode", "posexplode_outer", "inline", "inline_outer", "stack"}


@dataclass(frozen=True)
class ProfileFinding:
    """A problem and its file."""

    file: Path
    problem: Problem


def check_profile(folder: Path, open_session: Callable[[], SparkSession], sources: Path | None = None) -> list[ProfileFinding]:
    """Every problem in a profile's folder.

    Args:
        folder: the folder of ``profile.toml`` and ``sources/``.
        open_session: opens the engine; called only if there is a mapping whose SQL can be tried.
        sources: the folder of deliveries; expressions over Parquet columns are tried with the types there.
    """
    found: list[ProfileFinding] = []
    path = folder / "profile.toml"
    found += [ProfileFinding(path, problem) for problem in _settings_of(path, "profile", lambda raw: profile_problems(raw, folder))]
    paths = mapping_paths(folder)
    if not paths:
        then = "write one, or begin with `steelyard source infer FILE`"
        found.append(ProfileFinding(folder / "sources", Problem("sources/", "holds no mapping", then, is_error=False)))
    for path in paths:
        problems = [*name_problems(path.stem), *_settings_of(path, "mapping", shape_problems)]
        if not any(problem.is_error for problem in problems):
            problems += sql_problems(build_mapping(read_toml(path, "mapping"), path), open_session(), sources)
        found += [ProfileFinding(path, problem) for problem in problems]
    return found


def _settings_of(path: Path, kind: str, check: Callable[[dict[str, Any]], list[Problem]]) -> list[Problem]:
    try:
        raw = read_toml(path, kind)
    except ConfigError as error:
        return [Problem("the file", error.what, error.next_step)]
    return check(raw)


def sql_problems(mapping: SourceMapping, session: SparkSession, sources: Path | None = None) -> list[Problem]:
    """Every problem with the SQL of a mapping with valid settings."""
    texts = _texts(mapping)
    problems = [problem for setting, sql in texts.items() for problem in text_problems(setting, sql, mapping)]
    known_wrong = {problem.setting for problem in problems if problem.is_error}
    frame, is_certain = _empty_frame(mapping, session, sources, texts)
    for setting, sql in texts.items():
        if setting not in known_wrong:
            problems += _engine_problems(frame, setting, sql, mapping, is_certain)
    return problems


def _texts(mapping: SourceMapping) -> dict[str, str]:
    texts = {f"columns.{name}": sql for name, sql in mapping.columns.items()}
    texts |= {f"translate.{name}": mapping.expression(name) or "NULL" for name in mapping.translate}
    texts |= {"known_at": mapping.known_at} if mapping.known_at else {}
    return texts | ({"keep": mapping.keep} if mapping.keep else {})


def text_problems(setting: str, sql: str, mapping: SourceMapping) -> Iterator[Problem]:
    """The problems with an expression that show without an engine."""
    known = {name.casefold(): name for name in mapping.raw.columns}
    lookups = [lookup.name for lookup in mapping.lookups]
    for token in tokens(sql):
        name = token.name
        exact = known.get(name.casefold())
        if exact and exact != name:
            yield Problem(setting, f"names {name!r}, but the raw column is {exact!r}", f"write `{exact}`", is_error=False)
        elif (
            token.is_quoted
            and not exact
            and name.partition(".")[0] not in lookups
            and not _follows_lookup(sql, token.text, lookups)
        ):
            yield Problem(setting, f"names `{name}`, which is not among raw.columns", near(name, mapping.raw.columns))
    words = {token.text.lower() for token in tokens(sql) if token.is_word and token.text not in mapping.raw.columns}
    called = set(calls(with_try(sql)))
    for name in sorted(called & _RAISING.keys()):
        yield Problem(setting, f"{name}() fails the run on a value that it cannot read", f"use {_RAISING[name]}", is_error=False)
    if any(token.text in ("/", "%") for token in tokens(sql)):
        yield Problem(
            setting, "a division fails the run when it is by zero", "use try_divide(a, b) or try_mod(a, b)", is_error=False
        )
    for name in sorted((called | (words & {"current_date", "current_timestamp", "localtimestamp"})) & _NONDETERMINISTIC):
        yield Problem(setting, f"{name} gives another answer at every run", "use a raw column instead")
    if "over" in words:
        yield Problem(setting, "a window looks at other records, and those differ by delivery", "use the record alone")
    for name in sorted(called & _MULTIPLYING):
        yield Problem(setting, f"{name}() makes other than one row of a record", "give one value a record")


def _follows_lookup(sql: str, quoted: str, lookups: list[str]) -> bool:
    return any(f"{start}.{quoted}" in sql for name in lookups for start in (name, f"`{name}`"))


def _engine_problems(frame: DataFrame, setting: str, sql: str, mapping: SourceMapping, is_certain: bool) -> Iterator[Problem]:
    first = mapping.quote(mapping.raw.columns[0])
    try:
        kind = frame.selectExpr(f"{first} as `__first`", f"({mapping.safe(sql)}) as `__value`").schema[1].dataType.simpleString()
    except Exception as error:
        then = "correct the expression; raw text columns are strings, names that are not ASCII need backticks"
        if not is_certain:
            then = "correct it, or name the Parquet types in [raw.types] (or give --sources) so that it can be tried with them"
        yield Problem(setting, f"the engine refuses it: {first_line(error)[:300]}", then, is_error=is_certain)
        return
    if setting == "keep" and kind != "boolean":
        yield Problem(setting, f"gives {kind}", "write a condition, such as purpose = 'Complaint'")
    if setting == KNOWN_AT and not kind.startswith("timestamp"):
        then = "write try_to_timestamp(column, format), turned to UTC by to_utc_timestamp(…, zone)"
        yield Problem(setting, f"gives {kind}, not a timestamp", then, is_error=False)


def _empty_frame(
    mapping: SourceMapping, session: SparkSession, sources: Path | None, texts: dict[str, str]
) -> tuple[DataFrame, bool]:
    """An empty frame with the raw and lookup columns, and whether their types are certain."""
    from pyspark.sql.pandas.types import from_arrow_schema

    found = _source_types(mapping, sources)
    declared = {name: declared_type(kind) for name, kind in mapping.raw.types.items()}
    kinds = {name: declared.get(name, found.get(name, pa.string())) for name in mapping.raw.columns}
    is_certain = not _is_typed(mapping.format) or all(name in declared or name in found for name in mapping.raw.columns)
    used = {name for sql in texts.values() for name in mapping.names_in(sql) if name not in mapping.raw.columns}
    schema = [pa.field(name, kind) for name, kind in kinds.items()]
    for lookup in mapping.lookups:
        types = _types_in(find_lookup_files(lookup, sources) if sources else (), lookup.format)
        is_certain = is_certain and (not _is_typed(lookup.format) or bool(types))
        names = {name.partition(".")[2] for name in used if name.partition(".")[0] == lookup.name} if not types else set()
        parts = types or {name: pa.string() for name in sorted(names | set(lookup.columns) | {lookup.key})}
        schema.append(pa.field(lookup.name, pa.struct([pa.field(name, kind) for name, kind in parts.items()])))
    return session.createDataFrame([], from_arrow_schema(pa.schema(schema))), is_certain


def _source_types(mapping: SourceMapping, sources: Path | None) -> Mapping[str, pa.DataType]:
    if not _is_typed(mapping.format) or sources is None:
        return {}
    deliveries = find_all_deliveries(mapping, sources)
    return _types_in(deliveries[-1].files if deliveries else (), mapping.format)


def _is_typed(form: str) -> bool:
    """Whether the columns of a format have types; those of a database are text."""
    return form in FILE_FORMATS and FILE_FORMATS[form].types is not None


def _types_in(files: Sequence[Path], form: str) -> Mapping[str, pa.DataType]:
    """The types of the columns of the last file; none where there is no file or its values are text."""
    types = FILE_FORMATS[form].types
    return types(files[-1]) if files and types else {}
