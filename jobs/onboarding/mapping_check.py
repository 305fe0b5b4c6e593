"""Check a profile and its source mappings: report every problem, and try each expression on the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from expectations.contracts.lineage import KNOWN_AT
from jobs.formats.raw_records import FileProblem, declared_type, resembling
from jobs.formats.registry import FILE_FORMATS, columns_in
from jobs.foundation.errors import first_line
from jobs.foundation.files import read_toml
from jobs.profile.code_names import name_files, read_names
from jobs.profile.load_profile import profile_problems
from jobs.profile.mapping import SourceMapping, build_mapping, mapping_paths, newest_by_expression
from jobs.profile.mapping_schema import name_problems, shape_problems
from jobs.profile.mapping_sql import tokens
from jobs.profile.validation import Problem, file_problems, near
from jobs.sources.deliveries import find_all_deliveries, find_lookup_files
from jobs.sources.landing import raw_file
from jobs.sources.lookups import aggregate_type
from jobs.texts.languages import LANGUAGES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FURTHER_CHECKS = "steelyard.config_checks"
"""Entry points of functions that return the problems with further files of settings, such as the console's policy, by file."""


@dataclass(frozen=True)
class ProfileFinding:
    """A problem and its file."""

    file: Path
    problem: Problem


def check_profile(folder: Path, open_session: Callable[[], SparkSession], sources: Path | None = None) -> list[ProfileFinding]:
    """Every problem in a profile's folder, and in the settings that other parts of Steelyard check.

    Args:
        folder: the folder of ``profile.toml`` and ``sources/``.
        open_session: opens the engine; called only if there is a mapping whose SQL can be tried.
        sources: the folder of deliveries; expressions over Parquet columns are tried with the types there.
    """
    found: list[ProfileFinding] = []
    path = folder / "profile.toml"
    problems = file_problems(path, "profile", lambda raw: profile_problems(raw, folder))
    found += [ProfileFinding(path, problem) for problem in problems]
    found += [ProfileFinding(path, problem) for path in name_files(folder).values() for problem in _name_problems(path)]
    paths = mapping_paths(folder)
    if not paths:
        then = "write one, or begin with `steelyard source infer FILE`"
        found.append(ProfileFinding(folder / "sources", Problem("sources/", "holds no mapping", then, is_error=False)))
    for path in paths:
        problems = [*name_problems(path.stem), *file_problems(path, "mapping", shape_problems)]
        if not any(problem.is_error for problem in problems):
            mapping = build_mapping(read_toml(path, "mapping"), path)
            problems += sql_problems(mapping, open_session(), sources)
            problems += header_problems(mapping, sources) if sources else ()
        found += [ProfileFinding(path, problem) for problem in problems]
    for point in entry_points(group=FURTHER_CHECKS):
        found += [ProfileFinding(path, problem) for path, problems in point.load()().items() for problem in problems]
    return found


def _name_problems(path: Path) -> list[Problem]:
    """Every problem with a file of names of codes."""
    problems, _, languages = read_names(path)
    unknown = [language for language in languages if language not in LANGUAGES]
    return problems + [Problem(f"column {name}", "is no language of Steelyard", near(name, LANGUAGES)) for name in unknown]


def header_problems(mapping: SourceMapping, sources: Path) -> Iterator[Problem]:
    """The raw columns that the newest file of a source lacks, with the new columns that resemble them."""
    deliveries = find_all_deliveries(mapping, sources) if mapping.format in FILE_FORMATS else ()
    if not deliveries:
        return
    file = raw_file(deliveries[-1].files[-1], mapping)
    where, then = "raw.columns", "correct the name, or list the new one under [raw.aliases]"
    try:
        names = file.with_aliases(columns_in(mapping.format, file))
    except (FileProblem, OSError) as error:
        yield Problem(
            where, f"cannot be compared with the newest file: {error}", "deliver it again, or correct encoding and delimiter"
        )
        return
    new = file.unused(names)
    missing = [name for name in mapping.raw.columns if name not in names]
    if missing and names:
        # The first objects of JSON Lines may lack a key that later ones have.
        is_error = FILE_FORMATS[mapping.format].keys is None or any(resembling(missing, new))
        yield Problem(where, file.missing_sentence(missing, new), then, is_error=is_error)


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
    texts |= {"newest_by": newest} if (newest := newest_by_expression(mapping)) else {}
    return texts | ({"keep": mapping.keep} if mapping.keep else {})


def text_problems(setting: str, sql: str, mapping: SourceMapping) -> Iterator[Problem]:
    """The problems with an expression that show without an engine."""
    known = {name.casefold(): name for name in mapping.raw_names}
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
            yield Problem(setting, f"names `{name}`, which is not among raw.columns", near(name, mapping.raw_names))
    yield from _lookup_name_problems(setting, sql, mapping)
    if any(token.text in ("/", "%") for token in tokens(sql)):
        yield Problem(setting, "a division fails the run when it is by zero", "write nullif(b, 0) as the divisor", is_error=False)


def _lookup_name_problems(setting: str, sql: str, mapping: SourceMapping) -> Iterator[Problem]:
    """The columns named that a lookup with aggregates does not have."""
    made = {lookup.name: (*lookup.key, *lookup.aggregate) for lookup in mapping.lookups if lookup.aggregate}
    for name in mapping.names_in(sql):
        lookup, _, column = name.partition(".")
        if column and column not in made.get(lookup, (column,)):
            yield Problem(setting, f"names {name}, which the lookup does not compute", near(column, made[lookup]))


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
    used = {name for sql in texts.values() for name in mapping.names_in(sql) if name not in mapping.raw_names}
    schema = [pa.field(name, kind) for name, kind in kinds.items()]
    schema += [pa.field(mapping.row_number.name, pa.int32())] if mapping.row_number else []
    for lookup in mapping.lookups:
        types = _types_in(find_lookup_files(lookup, sources) if sources else (), lookup.format)
        is_certain = is_certain and (not _is_typed(lookup.format) or bool(types))
        names = {name.partition(".")[2] for name in used if name.partition(".")[0] == lookup.name} if not types else set()
        parts = types or {name: pa.string() for name in sorted(names | set(lookup.columns) | set(lookup.key))}
        if lookup.aggregate:
            of = {name: parts.get(one.of, pa.string()) for name, one in lookup.aggregate.items()}
            keys = {name: parts.get(name, pa.string()) for name in lookup.key}
            parts = keys | {name: aggregate_type(one, of[name]) for name, one in lookup.aggregate.items()}
        schema.append(pa.field(lookup.name, pa.struct([pa.field(name, kind) for name, kind in parts.items()])))
    return session.createDataFrame([], from_arrow_schema(pa.schema(schema))), is_certain


def _source_types(mapping: SourceMapping, sources: Path | None) -> Mapping[str, pa.DataType]:
    if not _is_typed(mapping.format) or sources is None:
        return {}
    deliveries = find_all_deliveries(mapping, sources)
    found = _types_in(deliveries[-1].files if deliveries else (), mapping.format)
    names = raw_file(Path(), mapping).with_aliases(tuple(found))
    return dict(zip(names, found.values(), strict=True))


def _is_typed(form: str) -> bool:
    """Whether the columns of a format have types; those of a database are text."""
    return form in FILE_FORMATS and FILE_FORMATS[form].types is not None


def _types_in(files: Sequence[Path], form: str) -> Mapping[str, pa.DataType]:
    """The types of the columns of the last file; none where there is no file or its values are text."""
    types = FILE_FORMATS[form].types
    return types(files[-1]) if files and types else {}
