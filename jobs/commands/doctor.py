"""``steelyard doctor``: check whether this machine can run Steelyard."""

from __future__ import annotations

import importlib
import json
import os
import shlex
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from importlib import metadata, util
from importlib.metadata import entry_points
from itertools import product
from pathlib import Path
from typing import Annotated

import psutil
import typer
from packaging.requirements import Requirement

from expectations.contracts.contract import Column, Contract, Type, Zone
from jobs.commands.options import HOME_VARIABLE
from jobs.foundation.errors import CannotReplay, ConfigError
from jobs.foundation.files import days_in
from jobs.foundation.findings import Finding, Verdict, fail, ok, warn
from jobs.foundation.paths import LOCK

UNFIT = 2
OTHER_WORDS = "steelyard.words"
"""The entry points of folders with words of other parts, such as the console."""
OLDEST_PYTHON = (3, 11)
NEWEST_TRIED_PYTHON = (3, 13)
GIB = 1024**3
DISK_NEEDED, DISK_WISHED = 1 * GIB, 5 * GIB
MEMORY_NEEDED, MEMORY_WISHED = 1 * GIB, 3 * GIB
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")

PROBE = Contract(
    name="probe",
    zone=Zone.GOLD,
    about="Written and read once to check that the engine and the lake work together.",
    grain="a number",
    key=(Column("number", Type.BIGINT, "0, 1, 2"),),
    columns=(Column("number", Type.BIGINT, "0, 1, 2"),),
    owner="data engineering",
)


def doctor(
    home: Annotated[Path, typer.Option(envvar=HOME_VARIABLE, help="The home folder that runs will use.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
) -> None:
    """Check whether this machine can run a day, and say what to do if not. Exit with 2 if it cannot."""

    findings = examine(home)
    fit = is_fit(findings)
    if as_json:
        rows = [{"subject": one.subject, "state": one.verdict, "found": one.found, "then": one.next_step} for one in findings]
        typer.echo(json.dumps({"fit": fit, "findings": rows}, ensure_ascii=False, indent=2))
    else:
        width = max(len(finding.subject) for finding in findings)
        for finding in findings:
            typer.echo(f"{finding.verdict:<4}  {finding.subject:<{width}}  {finding.found}")
            if finding.next_step:
                typer.echo(f"{'':<4}  {'':<{width}}  -> {finding.next_step}")
        warned = sum(finding.verdict is Verdict.WARN for finding in findings)
        typer.echo(f"this machine is {'fit' if fit else 'not fit'}" + (f", with {warned} to look at" if warned else ""))
    if not fit:
        raise typer.Exit(UNFIT)


def examine(home: Path) -> list[Finding]:
    """Run every check in a fixed order. A check that raises gives a failed finding.

    Args:
        home: the home folder that runs will use; it need not exist yet.
    """
    checks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("Python", check_python),
        ("packages", check_packages),
        ("LightGBM", check_lightgbm),
        ("engine", check_engine),
        ("disk", lambda: check_disk(home)),
        ("home", lambda: check_home(home)),
        ("memory", check_memory),
        ("words", check_words),
        ("profiles", check_profiles),
        ("sources", lambda: check_sources(home)),
        ("tie key", check_tie_key),
        ("Airflow", check_airflow),
    )
    return [_guarded(subject, check) for subject, check in checks]


def _guarded(subject: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:
        return fail(subject, f"{type(error).__name__}: {error}", "correct what the message names, then try again")


def is_fit(findings: list[Finding]) -> bool:
    """Whether no check failed."""
    return all(finding.verdict is not Verdict.FAIL for finding in findings)


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    """Check the version of Python."""
    found = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        return fail("Python", found, "install Python 3.11 or later, then run `make setup`")
    if version > NEWEST_TRIED_PYTHON:
        return warn("Python", f"{found}, newer than the tested versions", "prefer 3.11 to 3.13 if something fails")
    return ok("Python", found)


def check_packages(requirements: list[str] | None = None) -> Finding:
    """Check that every required package is installed in an accepted version.

    Args:
        requirements: requirement lines; by default those of the installed distribution.
    """
    if requirements is None:
        try:
            requirements = metadata.requires("steelyard") or []
        except metadata.PackageNotFoundError:
            return fail("packages", "steelyard itself is not installed", "run `make setup`")
    needed = [one for one in map(Requirement, requirements) if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = [problem for problem in map(_problem, needed) if problem]
    if wrong:
        return fail("packages", "; ".join(wrong), "run `make setup`")
    return ok("packages", f"{len(needed)} needed, all installed")


def _problem(requirement: Requirement) -> str:
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is missing"
    if requirement.specifier.contains(version, prereleases=True):
        return ""
    return f"{requirement.name} is {version}, wanted {requirement.specifier}"


def check_lightgbm() -> Finding:
    """Check that LightGBM loads; it needs the system's OpenMP library, and scikit-learn replaces it if it does not load."""
    try:
        module = importlib.import_module("lightgbm")
    except (ImportError, OSError) as error:
        next_step = (
            "run `apt-get install -y libgomp1` as root (Debian, Ubuntu); until then scikit-learn's gradient boosting replaces it"
        )
        return warn("LightGBM", str(error), next_step)
    return ok("LightGBM", module.__version__)


def check_engine() -> Finding:
    """Check that the engine starts, and that a Delta table that it writes reads back the same, with and without it."""
    from jobs.engine.lake import Lake
    from jobs.engine.session import ENGINE_VARIABLE, open_session, without_token

    wanted = without_token(os.environ.get(ENGINE_VARIABLE, "sail"))
    try:
        session = open_session()
        with tempfile.TemporaryDirectory(prefix="steelyard-doctor-") as folder:
            lake = Lake(Path(folder), session)
            lake.replace(session.range(3).withColumnRenamed("id", "number"), PROBE, "true")
            through = sorted(row["number"] for row in lake.read(PROBE).collect())
            without = sorted(lake.arrow(PROBE)["number"].to_pylist())
    except ConfigError as error:
        return fail("engine", error.what, error.next_step)
    if through != [0, 1, 2] or without != through:
        return fail("engine", f"{wanted} read back {through} and {without}", "run `make setup`")
    return ok("engine", f"{wanted} starts, writes and reads a Delta table")


def check_disk(home: Path, free: int | None = None) -> Finding:
    """Check that the home's disk has room and can be written.

    Args:
        home: the folder; its nearest parent counts if it does not exist yet.
        free: free bytes; by default those of the system.
    """
    if home.exists() and not home.is_dir():
        return fail("disk", f"{home} is a file", "give a folder with --home")
    folder = next(parent for parent in (home.resolve(), *home.resolve().parents) if parent.is_dir())
    if not os.access(folder, os.W_OK):
        return fail("disk", f"{folder} may not be written", "choose another --home, or ask for the right to write")
    free = shutil.disk_usage(folder).free if free is None else free
    where = str(folder) if home.exists() else f"{folder}; {home} does not exist yet"
    return _by_size("disk", free, f"free at {where}", DISK_NEEDED, DISK_WISHED, "make room, or choose another --home")


def check_home(home: Path) -> Finding:
    """Check that an existing home is closed to all but its owner and, if its operator wants that, a group."""
    if not (home / LOCK).exists():
        return ok("home", "not made yet; only its owner will be able to read it")
    if stat.S_IMODE(home.stat().st_mode) & stat.S_IRWXO:
        next_step = f"run `chmod -R go= {shlex.quote(str(home))}`; to let a group read it, `chmod -R g=rX,o=` and `chgrp -R GROUP`"
        return warn("home", f"other users of this machine can read {home}", next_step)
    return ok("home", f"{home} is closed to other users")


def check_memory(free: int | None = None) -> Finding:
    """Check that there is memory for a day.

    Args:
        free: free bytes; by default those of the system, within the container's limit.
    """
    free = _free_memory() if free is None else free
    return _by_size("memory", free, "free", MEMORY_NEEDED, MEMORY_WISHED, "end other programs, or use a larger machine")


def _free_memory() -> int:
    free = psutil.virtual_memory().available
    limit = CGROUP_LIMIT.read_text().strip() if CGROUP_LIMIT.is_file() else "max"
    # psutil does not see the limit of a container.
    return min(free, int(limit)) if limit.isdigit() else free


def _by_size(subject: str, size: int, about: str, needed: int, wished: int, next_step: str) -> Finding:
    found = f"{size / GIB:.1f} GiB {about}"
    if size < needed:
        return fail(subject, f"{found}, {needed // GIB} needed", next_step)
    if size < wished:
        return warn(subject, f"{found}, {wished // GIB} recommended", next_step)
    return ok(subject, found)


def check_words() -> Finding:
    """Check that every file of words can be read, and that no language lacks a word."""
    from expectations.contracts import indicators
    from jobs.texts.languages import LANGUAGES, WORDS, missing_words, read_words

    complete = [WORDS, WORDS.joinpath("evaluation"), indicators.WORDS, *(point.load() for point in entry_points(group=OTHER_WORDS))]
    try:
        lacking = [sentence for folder in complete for sentence in missing_words(folder)]
        for optional, language in product(("checks", "terms"), LANGUAGES):
            read_words(WORDS.joinpath(optional), language)
    except ConfigError as error:
        return fail("words", f"{error.what} in {error.where}", error.next_step)
    if lacking:
        return warn("words", "; ".join(lacking), "write them, or correct their spelling; until then they may be in English")
    return ok("words", ", ".join(LANGUAGES))


def check_profiles(root: Path | None = None) -> Finding:
    """Check that every profile loads, and that its time zone is known."""
    from jobs.profile.load_profile import load_profile
    from jobs.profile.profile import CONFIG_ROOT

    root = root or CONFIG_ROOT
    names = sorted(path.parent.name for path in root.glob("*/profile.toml"))
    if not names:
        return fail("profiles", f"none in {root}", "run from a whole checkout, or install Steelyard again")
    read = []
    for name in names:
        try:
            profile = load_profile(str(root / name))
        except ConfigError as error:
            return fail("profiles", f"{error.what} in {error.where}", error.next_step)
        read.append(f"{name} ({profile.time_zone.key})")
    return ok("profiles", ", ".join(read))


def check_sources(home: Path) -> Finding:
    """Check that the last finished day used only sources that its profile maps."""
    from jobs.lake.manifests import find_run, run_manifest_path

    days = days_in(run_manifest_path(home, date.min).parent)
    if not days:
        return ok("sources", "no day is finished yet")
    last = max(days)
    try:
        unmapped = find_run(home, last).get("unmapped") or {}
    except CannotReplay as error:
        return warn("sources", f"{error.what} in {error.where}", error.next_step)
    if unmapped:
        rows = ", ".join(f"{count} rows of {source}" for source, count in unmapped.items())
        next_step = f"map it again, or remove it: `steelyard lake forget {next(iter(unmapped))}`"
        return warn("sources", f"the list of {last} uses rows of sources without a mapping: {rows}", next_step)
    return ok("sources", f"the list of {last} uses only mapped sources")


def check_tie_key() -> Finding:
    """Check that a secret of the operator orders equal objectives."""
    from jobs.steps.target_list import TIE_KEY_VARIABLE, has_tie_key

    if has_tie_key():
        return ok("tie key", f"{TIE_KEY_VARIABLE} is set")
    found = f"{TIE_KEY_VARIABLE} is not set, so a public word orders equal objectives"
    return warn("tie key", found, "set it to a secret, and keep the secret: a rerun of a day needs the same one")


def check_airflow() -> Finding:
    """Check that Airflow is installed here or on the path; only the schedule needs it."""
    if util.find_spec("airflow") is not None:
        try:
            return ok("Airflow", metadata.version("apache-airflow"))
        except metadata.PackageNotFoundError:
            return warn("Airflow", "another package has the name `airflow`", "look for a folder of that name")
    elsewhere = shutil.which("airflow")
    if elsewhere:
        return ok("Airflow", f"in another environment: {elsewhere}")
    return warn("Airflow", "not installed", "`make setup` installs it; only the schedule and `make demo` need it")
