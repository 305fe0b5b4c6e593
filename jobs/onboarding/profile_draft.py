"""Create a profile: a commented ``profile.toml``, and a draft of a mapping for each kind of file in a folder of deliveries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from zoneinfo import available_timezones

from jobs.foundation.errors import ConfigError
from jobs.foundation.files import write_atomic
from jobs.onboarding.column_sql import Place
from jobs.onboarding.mapping_draft import Draft, draft, files_pattern, has_conflicts, mapping_text
from jobs.onboarding.sniff_file import sniff
from jobs.profile.code_names import FILES
from jobs.profile.mapping_schema import PLACEHOLDER
from jobs.profile.profile import CONFIG_ROOT
from jobs.profile.validation import near

NAMES = """\
# Names that people see in place of the profile's own {kind} codes. One line for each code, such as
# 0042,Bakery,面包店
# A language may be empty or left out: zh-Hant is then converted from zh-Hans, and others are shown in English.
code,en,zh-Hans
"""
# The decimal places of frequent currencies that have not two.
_OTHER_PLACES = dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "VND", "XAF", "XOF"), 0) | dict.fromkeys(("KWD", "OMR", "TND"), 3)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_YEAR_OR_MONTH = re.compile(r"(?<!\d)(?:19|20)\d\d(?:[-_]?(?:0[1-9]|1[0-2]))?(?!\d)")


@dataclass(frozen=True)
class Drafted:
    """A file and its mapping: its path, its contract, how many columns were found, and what it needs before it can be used.

    ``others`` are the files of the same kind that the mapping does not fit, each with what differs.
    """

    file: Path
    mapping: str
    contract: str = ""
    found: int = 0
    needs: str = ""
    others: tuple[str, ...] = ()


def create_profile(name: str, sources: Path | None, time_zone: str, currency: str) -> tuple[Path, list[Drafted]]:
    """Write a new profile; return its folder and what was drafted.

    Args:
        name: a name, for a folder in ``config/``, or a path with a ``/``.
        sources: a folder of deliveries, where each kind of file becomes a source.

    Raises:
        ConfigError: when the name, the zone or the currency cannot be used, or the folder exists.
    """
    folder = Path(name) if "/" in name else CONFIG_ROOT / name
    short = folder.name
    if not _NAME.fullmatch(short):
        what = f"{short!r} cannot be a profile's name"
        raise ConfigError(what=what, where=name, next_step="use small letters, digits and underscores, such as new_york")
    if folder.exists():
        raise ConfigError(what=f"there is already a profile {short!r}", where=str(folder), next_step="choose another name")
    if sources is not None and not sources.is_dir():
        raise ConfigError(what="there is no such folder", where=str(sources), next_step="give the folder of deliveries to --from")
    if time_zone not in available_timezones():
        raise ConfigError(
            what=f"{time_zone!r} is no time zone", where="--time-zone", next_step=near(time_zone, available_timezones())
        )
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise ConfigError(what=f"{currency!r} is no currency", where="--currency", next_step="give its ISO 4217 code, such as USD")
    place = Place(id_scheme=f"{short}.id", time_zone=time_zone, minor_units=_OTHER_PLACES.get(currency, 2))
    drafts = list(_draft_all(sources, place)) if sources else []
    title = short.replace("_", " ").title()
    template = resources.files(__package__).joinpath("profile_template.txt").read_text(encoding="utf-8")
    text = template.format(name=short, title=title, currency=currency, **vars(place))
    (folder / "sources").mkdir(parents=True)
    write_atomic(folder / "profile.toml", text.encode())
    for kind, path in FILES.items():
        write_atomic(folder / path, NAMES.format(kind=kind).encode())
    for drafted, content in drafts:
        if content:
            write_atomic(folder / "sources" / drafted.mapping, content.encode())
    return folder, [drafted for drafted, _ in drafts]


def _draft_all(sources: Path, place: Place) -> Iterator[tuple[Drafted, str]]:
    """One draft for each kind of file, with its text; without text for a file that cannot be read."""
    names: set[str] = set()
    for pattern, files in _kinds(sources).items():
        largest = max(files, key=lambda file: file.stat().st_size)
        try:
            one = draft(largest, place=place)
        except ConfigError as error:
            yield Drafted(largest, "", needs=f"{error.what}; {error.next_step}"), ""
            continue
        name = _source_name(pattern, one, names)
        needs = _needs(one, pattern)
        others = [file for file in files if file != largest]
        differ = tuple(f"{file.relative_to(sources)} differs: {what}" for file in others if (what := _difference(one, file)))
        drafted_from = f"Drafted by `steelyard profile new` from {largest.relative_to(sources)}"
        text = mapping_text(one, pattern, "; ".join([drafted_from, *([needs] if needs else []), *differ]))
        mapping = f"{name}.toml" + (".draft" if needs else "")
        yield Drafted(largest, mapping, one.contract.name, one.found, needs, differ), text


def _difference(one: Draft, file: Path) -> str:
    """What a file has that the draft, made from another file, does not fit."""
    try:
        return "; ".join(one.look.differences(sniff(file)))
    except ConfigError as error:
        return error.what


def _needs(one: Draft, pattern: str) -> str:
    """What keeps a draft from being used: required columns, or records that contradict each other."""
    if one.missing:
        return f"it lacks {', '.join(one.missing)}, which a usable {one.contract.name} has"
    if has_conflicts(one, pattern):
        return "records with the same key contradict each other; say how they combine"
    return ""


def _kinds(sources: Path) -> dict[str, list[Path]]:
    """The visible files of a folder by their pattern, each kind in the order of its days; files of a year or month are one kind."""
    found: dict[str, list[Path]] = {}
    for file in sorted(path for path in sources.rglob("*") if path.is_file()):
        inside = file.relative_to(sources)
        if any(part.startswith(".") for part in inside.parts):
            continue
        pattern = files_pattern(inside, inside.suffix.lstrip("."))
        has_day = re.search(r"\d{4}-\d{2}-\d{2}", str(inside))
        of_any_year = _YEAR_OR_MONTH.sub(lambda year: re.sub(r"\d", "[0-9]", year.group()), inside.as_posix())
        found.setdefault(pattern if has_day else of_any_year, []).append(file)
    own = {kind: files[0].relative_to(sources).as_posix() for kind, files in found.items() if "[0-9]" in kind and len(files) == 1}
    return {own.get(kind, kind): files for kind, files in found.items()}


def _source_name(pattern: str, one: Draft, taken: set[str]) -> str:
    """A name from the folder or file, else from the contract; each once."""
    parts = [part.rpartition(".")[0] or part for part in pattern.replace("[0-9]", "").split("/")]
    text = next((part for part in (parts[-1], *parts) if part.strip("*") and PLACEHOLDER not in part), one.contract.name)
    base = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    name = base if _NAME.fullmatch(base) else one.contract.name
    number = 1
    while name in taken:
        number += 1
        name = f"{base or one.contract.name}_{number}"
    taken.add(name)
    return name
