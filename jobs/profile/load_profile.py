"""Find a profile by its name or folder, check it as ``steelyard config check`` does, and load it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from expectations.contracts.indicators import DIMENSIONS, catalogue
from expectations.standards.hierarchies import schemes
from jobs.foundation.errors import ConfigError
from jobs.foundation.files import read_toml
from jobs.profile.code_names import FILES, read_code_names
from jobs.profile.profile import CONFIG_ROOT, Profile, Training
from jobs.profile.validation import Problem, is_number, near, refuse, setting_problems


def profile_folder(name_or_folder: str) -> Path:
    """The folder of a profile that is named or given as a path.

    Raises:
        ConfigError: when there is no such profile; the message lists the known ones.
    """
    for folder in (Path(name_or_folder), CONFIG_ROOT / name_or_folder):
        if _is_profile(folder):
            return folder.resolve()
    known = ", ".join(sorted(path.parent.name for path in CONFIG_ROOT.glob("*/profile.toml")))
    raise ConfigError(
        what=f"there is no profile {name_or_folder!r}",
        where=str(CONFIG_ROOT),
        next_step=f"name one of {known}, or give a folder that holds a profile.toml",
    )


def _is_profile(folder: Path) -> bool:
    try:
        return (folder / "profile.toml").is_file()
    except OSError:  # a folder without permission; a name that is too long
        return False


def load_profile(name_or_folder: str) -> Profile:
    """Load a profile.

    Raises:
        ConfigError: when the profile is missing, is no TOML, or a setting cannot be used; it names every problem at once.
    """
    folder = profile_folder(name_or_folder)
    path = folder / "profile.toml"
    raw = read_toml(path, "profile")
    refuse(profile_problems(raw, folder), path)
    return TypeAdapter(Profile).validate_python({"folder": folder, "code_names": read_code_names(folder), **raw})


def profile_problems(raw: Mapping[str, Any], folder: Path) -> list[Problem]:
    """Every problem with a profile's settings: those of single settings, then those of settings that do not fit each other."""
    found = setting_problems(Profile, "docs/reference/profile.md", {"folder": folder, **raw})
    found += _scheme_problems(raw)
    if "code_names" in raw:
        found.append(Problem("code_names", "is no setting", f"write the names into {' and '.join(FILES.values())}"))
    tables = {name: raw[name] if isinstance(raw.get(name), dict) else {} for name in ("classes", "training")}
    found += _class_problems(tables["classes"])
    most, fewest = tables["training"].get("most_labels", Training.most_labels), tables["training"].get("minimum_labels")
    if is_number(most) and is_number(fewest) and 0 < most < 2 * fewest:
        then = "give at least twice training.minimum_labels, or no model may ever be fitted"
        found.append(Problem("training.most_labels", f"is {most}", then))
    return [*found, *_basis_problems(raw.get("legal_bases"))]


def _scheme_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    for setting in ("industry_scheme", "region_scheme"):
        value = raw.get(setting)
        if isinstance(value, str) and value and value not in schemes():
            next_step = f"{near(value, schemes())}, or leave it empty for codes without levels"
            yield Problem(setting, f"{value!r} is no scheme of codes", next_step)


def _class_problems(classes: Mapping[str, Any]) -> Iterator[Problem]:
    if "A" in classes:
        then = "classes begin at shares of the population or multiples of the base rate: docs/reference/profile.md explains both"
        yield Problem("classes", "gives a bound to class A, as bounds in credit points did", then)
    bounds = [classes[name] for name in "DCB" if is_number(classes.get(name))]
    if classes.get("by") == "shares" and sum(bounds) >= 1:
        yield Problem("classes", f"the shares of B, C and D add up to {sum(bounds):g}", "give less than 1 in all")
    if classes.get("by") == "multiples" and bounds != sorted(set(bounds), reverse=True):
        yield Problem("classes", "the multiples do not rise from B to D", "give B < C < D")


def _basis_problems(bases: Any) -> Iterator[Problem]:
    known = (*DIMENSIONS, *(indicator.column for indicator in catalogue()))
    for name, words in bases.items() if isinstance(bases, dict) else ():
        if name not in known:
            yield Problem(f"legal_bases.{name}", "is neither a dimension nor an indicator's column", near(name, known))
        for language in ("en", "zh-Hans"):
            if isinstance(words, dict) and not words.get(language):
                yield Problem(f"legal_bases.{name}.{language}", "is missing", "name the law in both languages: en and zh-Hans")
