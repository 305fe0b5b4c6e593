"""``steelyard doctor``: is this machine fit?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.options import HOME_VARIABLE

UNFIT = 2


def doctor(
    home: Annotated[Path, typer.Option(envvar=HOME_VARIABLE, help="The folder that runs would be kept in.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
) -> None:
    """Look whether this machine can run a day, and say what to do where it cannot (exit code 2)."""
    import json

    from jobs.commands.doctor_checks import State, examine, is_fit

    findings = examine(home)
    fit = is_fit(findings)
    if as_json:
        report = {"fit": fit, "findings": [finding.as_dict() for finding in findings]}
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        width = max(len(finding.subject) for finding in findings)
        for finding in findings:
            typer.echo(f"{finding.state:<4}  {finding.subject:<{width}}  {finding.found}")
            if finding.then:
                typer.echo(f"{'':<4}  {'':<{width}}  -> {finding.then}")
        warned = sum(finding.state is State.WARN for finding in findings)
        typer.echo(f"this machine is {'fit' if fit else 'not fit'}" + (f", with {warned} to look at" if warned else ""))
    if not fit:
        raise typer.Exit(UNFIT)
