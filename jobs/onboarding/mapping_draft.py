"""Draft a source mapping from a raw file: guess its contract and columns, and write TOML with a comment on each point to review."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from expectations.contracts.contract import BatchCheck, Column, Contract, Type, sql_literal
from expectations.contracts.inspection import FOUND_VIOLATION
from expectations.contracts.registration import ID_SCHEME
from jobs.formats.raw_records import RAW_TYPES, decimal_digits
from jobs.onboarding.column_sql import NO_PLACE, Line, Place, composed, expression, text_of
from jobs.onboarding.column_values import PRIVATE, ColumnLook
from jobs.onboarding.match_columns import SURE, Guess, guess_contract, known_names, known_value, name_score
from jobs.onboarding.sniff_file import FileLook, sniff
from jobs.profile.mapping_schema import PLACEHOLDER
from jobs.profile.mapping_sql import names_in, quoted

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_FIXED_DAY = "1970-01-01"
_ALWAYS = f"try_to_timestamp('{_FIXED_DAY}', 'yyyy-MM-dd')"
_LONGEST_SAMPLE = 30


@dataclass(frozen=True)
class Draft:
    """What was found in a file, and the lines of its mapping."""

    look: FileLook
    contract: Contract
    guesses: tuple[Guess, ...]
    lines: dict[str, Line]
    translations: tuple[Guess, ...]
    place: Place
    is_contract_given: bool = False

    @property
    def found(self) -> int:
        """The number of contract columns that a raw column gives."""
        return sum(guess.score >= SURE for guess in self.guesses)

    @property
    def missing(self) -> tuple[str, ...]:
        """The required columns without a setting; of a visit also its result, which every visit that took place has."""
        translated = {str(guess.column) for guess in self.translations}
        is_set = {name for name, line in self.lines.items() if line.is_setting} | translated
        needed = (*self.contract.required, *([FOUND_VIOLATION] if self.contract.name == "inspection" else []))
        return tuple(str(column) for column in needed if column not in is_set)


def draft_mapping(path: Path, contract: str | None = None, time_zone: str = "") -> str:
    """A draft mapping for a file, as TOML.

    Args:
        contract: the contract's name; guessed if None.
        time_zone: the zone of its timestamps; they stay comments where it is empty.

    Raises:
        ConfigError: when the file cannot be read or the contract is unknown.
    """
    return mapping_text(draft(path, contract, Place(time_zone=time_zone)))


def draft(path: Path, wanted: str | None = None, place: Place = NO_PLACE) -> Draft:
    """What a file holds, and how it could be mapped."""
    look = sniff(path)
    contract, guesses = guess_contract(look.columns, wanted, path.stem)
    translations = [guess for guess in guesses if _is_translated(guess, contract)]
    lines: dict[str, Line] = {}
    for guess in guesses:
        column = str(guess.column)
        if guess in translations:
            continue
        if column in contract.values and column not in _by_words(guess):
            continue
        line = _by_words(guess).get(column) or expression(guess.column, guess.look, place)
        if column == ID_SCHEME or guess.score < SURE:
            line = replace(line, doubt="perhaps", is_setting=guess.column.required and line.is_setting)
        if guess.column.type is Type.INT and guess.look.kind in ("category", "text"):
            line = replace(line, doubt="which number each value is", is_setting=False)
        lines[column] = line
    sure = {str(guess.column): guess for guess in guesses if guess.score >= SURE or guess.column.required}
    settled = {**{name: sure[name] for name in lines if name in sure}, **{str(guess.column): guess for guess in translations}}
    lines |= composed(contract, look.columns, settled, place, path.stem)
    if contract.name == "registration" and any("uscc" in one.traits for one in look.columns):
        lines[str(ID_SCHEME)] = Line("'cn.uscc'")
    return Draft(look, contract, tuple(guesses), lines, tuple(translations), place, wanted is not None)


def _is_translated(guess: Guess, contract: Contract) -> bool:
    """Whether its values must be translated into other words or into grades, and at least one of them is known."""
    column = str(guess.column)
    has_list = column in contract.values or guess.column.type is Type.INT
    if not has_list or guess.look.kind not in ("category", "boolean", "text") or guess.score < SURE:
        return False
    known = sum(known_value(column, value, contract.values.get(column, ())) is not None for value in guess.look.values)
    return known > 0 if guess.look.kind == "category" else known >= max(len(guess.look.values) / 2, 1)


def _has_unknown(guess: Guess, contract: Contract) -> bool:
    """Whether a translated column that may be null has values that cannot be translated."""
    allowed = contract.values.get(str(guess.column), ())
    known = (known_value(str(guess.column), value, allowed) for value in guess.look.values)
    return not guess.column.required and "other" not in allowed and None in known


def _by_words(guess: Guess) -> dict[str, Line]:
    """A column with a closed list from a raw column of too many values to list, by the words in them."""
    column = str(guess.column)
    table = known_names()["words"].get(column, {})
    if guess.look.kind != "text" or "" not in table:
        return {}
    raw = f"lower({text_of(guess.look)})"
    cases = " ".join(
        f"WHEN {raw} LIKE {sql_literal(f'%{word}%')} THEN {sql_literal(target)}" for word, target in table.items() if word
    )
    return {column: Line(f"CASE {cases} ELSE {sql_literal(table[''])} END", "by the words in its many values")}


def mapping_text(one: Draft, files: str = "", comment: str = "") -> str:
    """The draft as TOML.

    Args:
        files: the path of the file under the sources folder, if it is no pattern with a day.
        comment: an additional first line.
    """
    sums = sums_of(one, known_at_of(one) if files and PLACEHOLDER not in files else "")
    listed = ", ".join(map(toml_text, sums))
    combined = ["[group_by]   # ? the records of one return are its parts", f"sums = [{listed}]", ""] if sums else []
    parts = [*_head(one, files, comment), "", *_raw(one.look), "", *combined, *_columns(one), ""]
    return "\n".join(parts)


def _head(one: Draft, files: str, comment: str) -> Iterator[str]:
    look, contract = one.look, one.contract
    yield from ([f"# {_comment(comment)}"] if comment else [])
    yield f"# A draft made from {_comment(look.path.name)}: {len(look.columns)} columns,"
    yield f"# {look.rows} rows read, {look.rejected} more were unreadable."
    yield f"# Found: {one.found} of the {len(contract.columns)} columns of {contract.name}. Review every line with a ? before use."
    doubt = "   # ? guessed from few columns" if one.found < 4 and not one.is_contract_given else ""
    yield f'contract = "{contract.name}"{doubt}'
    yield f'owner = "{contract.owner}"                # ? who delivers it'
    yield f'format = "{look.format.name}"'
    for name, value in look.settings.items():
        yield f"{name} = {toml_text(value)}"
    pattern = files or files_pattern(look.path, look.format.name)
    yield f"files = {toml_text(pattern)}   # ? under the sources folder"
    if PLACEHOLDER not in pattern:
        yield f"delivered_on = {_FIXED_DAY}           # one file for all of history: known_at says what was known when"
    yield 'delivery = "increment"                # ? or "snapshot": each delivery holds all there is'
    yield "every_days = 1                        # ? how often a delivery is expected"
    yield f"nulls = [{', '.join(toml_text(null) for null in look.nulls)}]"
    optional = [name for name, line in one.lines.items() if line.may_be_null and line.is_setting]
    optional += [str(guess.column) for guess in one.translations if _has_unknown(guess, contract)]
    if optional:
        yield f"optional = [{', '.join(map(toml_text, optional))}]   # NULL where the raw value says nothing"
    known_at = known_at_of(one) if PLACEHOLDER not in pattern else ""
    yield from _key_conflicts(one, known_at) if not sums_of(one, known_at) else []
    leak = (
        ": no date says it, so scores of past days see what came later"
        if known_at.startswith(f"to_utc_timestamp({_ALWAYS}")
        else ""
    )
    yield from [f"known_at = {toml_text(known_at)}   # ? when a record became known{leak}"] if known_at else _known_at(one)


def _key_conflicts(one: Draft, known_at: str) -> Iterator[str]:
    """A warning where records of the sample that differ have the same key and became known together."""
    records, keys = count_keys(one, known_at)
    if records > keys:
        names = ", ".join(one.contract.key)
        yield f"# ? {records} different records have only {keys} different keys ({names}): they contradict each other."
        yield "#   Say how they combine: by [group_by] or newest_by, see docs/reference/mapping.md; or complete the key."


def has_conflicts(one: Draft, files: str) -> bool:
    """Whether so many records of the sample contradict each other that the gate would stop the delivery."""
    known_at = known_at_of(one) if PLACEHOLDER not in files else ""
    records, keys = count_keys(one, known_at)
    most = next(rule.limit for rule in one.contract.batch_rules if rule.check is BatchCheck.CONFLICT_SHARE)
    return records - keys > most * records and not sums_of(one, known_at)


def count_keys(one: Draft, known_at: str) -> tuple[int, int]:
    """The numbers of different records and of different keys with ``known_at`` in the sample; zeros if the key is not known."""
    columns = one.look.sample.column_names
    if not columns or not all(_is_set(one, key) for key in one.contract.key):
        return 0, 0
    return _count_different(one, columns), _count_different(one, names_in(known_at, columns, ()), one.contract.key)


def sums_of(one: Draft, known_at: str) -> tuple[str, ...]:
    """The amounts to add up, where the sample has returns in parts that differ in nothing else that is mapped."""
    if one.contract.name != "tax_filing" or not all(_is_set(one, key) for key in one.contract.key):
        return ()
    known = names_in(known_at, one.look.sample.column_names, ())
    mapped = [column for column in one.contract.columns if _is_set(one, column)]
    sums = [column for column in mapped if column.type is Type.BIGINT]
    keys = _count_different(one, known, one.contract.key)
    others = _count_different(one, known, [column for column in mapped if column not in sums])
    records = count_keys(one, known_at)[0]
    return tuple(map(str, sums)) if records > keys == others else ()


def _is_set(one: Draft, column: str) -> bool:
    line = one.lines.get(str(column))
    return (line is not None and line.is_setting) or any(guess.column == column for guess in one.translations)


def _count_different(one: Draft, raw: Sequence[str], columns: Sequence[str] = ()) -> int:
    """The number of different combinations of raw columns, and of what contract columns are made from, in the sample."""
    sample = one.look.sample
    translated = {str(guess.column): guess for guess in one.translations}
    own = [column for column in columns if column not in translated]
    names = dict.fromkeys([*raw, *(name for column in own for name in names_in(one.lines[column].sql, sample.column_names, ()))])
    parts: list[Sequence[object]] = [[repr(value) for value in sample.column(name).to_pylist()] for name in names]
    for column in set(columns) - set(own):
        look = translated[column].look
        meaning = {value: known_value(column, value) for value in look.values}
        parts.append([meaning.get(str(value).strip(), value) for value in sample.column(look.name).to_pylist()])
    return len(set(zip(*parts, strict=True)))


def known_at_of(one: Draft) -> str:
    """When a record of a file with all of history became known, as SQL: at its event, else always."""
    zone = sql_literal(one.place.time_zone or "UTC")
    own = str(one.contract.event_on) if one.contract.event_on else ""
    event = next((name for name in (own, "established_on", "changed_on") if name in one.lines and one.lines[name].is_setting), "")
    if not event:
        return f"to_utc_timestamp({_ALWAYS}, {zone})"
    known = f"to_utc_timestamp(cast({one.lines[event].sql} as timestamp), {zone})"
    return known if event == own else f"coalesce({known}, {_ALWAYS})"


def _known_at(one: Draft) -> Iterator[str]:
    """When a record became known: by a column with the instant of its last change, as a comment."""
    changed = known_names()["other"]["known_at"]
    times = [look for look in one.look.columns if look.kind in ("date", "timestamp") and name_score(look.name, changed) >= SURE]
    zone = one.place.time_zone or "Area/City"
    look = times[0] if times else ColumnLook("…", "timestamp", "yyyy-MM-dd HH:mm:ss")
    value = f"try_to_timestamp({quoted(look.name)}, {sql_literal(look.pattern)})" if look.pattern else quoted(look.name)
    yield f"# known_at = {toml_text(f'to_utc_timestamp({value}, {sql_literal(zone)})')}"
    yield "#                                     # ? when a record became known; else the start of its delivery's day"


def _comment(text: str) -> str:
    """The text as one line of a comment."""
    return "".join(character if character.isprintable() else "?" for character in text)


def files_pattern(path: Path, form: str) -> str:
    """The pattern of a source's files, from the path of one: a day in a folder's name or in the file's name."""
    parts = path.parts
    for place in range(len(parts) - 1, -1, -1):
        found = _DAY.search(parts[place])
        if found:
            dated = parts[place].replace(found.group(), PLACEHOLDER)
            above = parts[place - 1 : place] if place and parts[place - 1] not in ("/", ".", "..") else ()
            below = (f"*.{path.suffix.lstrip('.') or form}",) if place < len(parts) - 1 else ()
            return "/".join([*above, dated, *below])
    return f"{path.stem}/{PLACEHOLDER}/*{path.suffix or '.' + form}"


def _raw(look: FileLook) -> Iterator[str]:
    yield "[raw]"
    yield "columns = ["
    yield from (f"    {toml_text(column.name)}," for column in look.columns)
    yield "]"
    if look.format.types:
        yield "[raw.types]"
        for column in look.columns:
            kind = column.raw_type or "string"
            if kind in RAW_TYPES or decimal_digits(kind):
                yield f"{toml_key(column.name)} = {toml_text(kind)}"


def _columns(one: Draft) -> Iterator[str]:
    translated = {str(guess.column) for guess in one.translations}
    yield "[columns]"
    for column in one.contract.columns:
        if column not in translated:
            yield _column_line(column, one.lines.get(str(column)))
    sql = " ".join(line.sql for line in one.lines.values())
    used = {guess.look.name for guess in one.guesses if str(guess.column) in {*one.lines, *translated}}
    unused = [look for look in one.look.columns if look.name not in used and quoted(look.name) not in sql]
    if unused:
        yield ""
        yield "# not used:"
        yield from (f"#   {_comment(look.name)} ({look.kind}): {_samples(look)}" for look in unused)
    for guess in one.translations:
        yield ""
        yield from _translation(guess, one.contract)


def _samples(look: ColumnLook) -> str:
    if look.traits & PRIVATE or name_score(look.name, known_names()["registration"]["phone_hash"]) >= SURE:
        return "(personal data)"
    shown = [
        _comment(value) if len(value) <= _LONGEST_SAMPLE else _comment(value[:_LONGEST_SAMPLE]) + "…" for value in look.samples
    ]
    return ", ".join(shown) or "no value"


def _column_line(column: Column, line: Line | None) -> str:
    need = "required, " if column.required else ""
    if line is None:
        return f'# {column} = "?"   # {need}{column.type.value}: {column.about}'
    text = f"{column} = {toml_text(line.sql)}"
    doubt = f"   # ? {need if line.doubt == 'perhaps' else ''}{_comment(line.doubt)}" if line.doubt else ""
    return f"{'' if line.is_setting else '# '}{text}{doubt}"


def _translation(guess: Guess, contract: Contract) -> Iterator[str]:
    column = str(guess.column)
    allowed = contract.values.get(column, ())
    yield f"[translate.{column}]"
    yield f"from = {toml_text(guess.look.name)}"
    yield "# a value that is not listed sends its row to quarantine; allowed values on the right:"
    yield f"# {', '.join(allowed) or guess.column.about}"
    yield f"[translate.{column}.values]"
    for value in guess.look.values:
        target = known_value(column, value, allowed)
        if target is not None:
            yield f"{toml_key(value)} = {toml_text(target) if isinstance(target, str) else str(target).lower()}"
        elif "other" in allowed:
            yield f'{toml_key(value)} = "other"   # ?'
        else:
            yield f'# {_comment(toml_key(value))} = "?"'


def toml_text(text: str) -> str:
    """A text as a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return '"' + "".join(one if one.isprintable() or one == "\u3000" else f"\\U{ord(one):08x}" for one in escaped) + '"'


def toml_key(text: str) -> str:
    """A text as a TOML key."""
    return text if _BARE_KEY.fullmatch(text) else toml_text(text)
