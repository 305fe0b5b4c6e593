"""The command line as a page, ``docs/reference/command-line.md``: every verb with its arguments and options.

Verbs come from the entry points of the installed parts, as for the command line itself, so the page has those of every part.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

GROUP = "steelyard.verbs"
_KINDS = {str: "text", int: "number", float: "number", Path: "path"}

_INTRODUCTION = """# Command line

Written by `make docs` from the command line itself; `steelyard VERB --help` shows the same in a terminal. A verb that fails
explains the failure on standard error, and its exit code gives the kind: see [exit codes](exit-codes.md). An option that can
be set by an environment variable names the variable.
"""


def render_command_line() -> str:
    """Return the page as Markdown, verbs in alphabetical order."""
    commands = [(f"steelyard {name}", command) for name, command in sorted(_verbs().items())]
    found = [entry for name, command in commands for entry in _with_subcommands(name, command)]
    contents = "\n".join(f"| [`{name}`](#{_anchor(name)}) | {_first_sentence(command)} |" for name, command in found)
    parts = [_INTRODUCTION, "| command | purpose |\n|---|---|\n" + contents + "\n"]
    parts += [_section(name, command) for name, command in found]
    return "\n".join(parts)


def _verbs() -> dict[str, Any]:
    """Each verb's click command. A verb is a function, or a typer application with verbs of its own."""
    commands = {}
    for point in entry_points(group=GROUP):
        application = point.load()
        if not isinstance(application, typer.Typer):
            function, application = application, typer.Typer(add_completion=False)
            application.command(name=point.name)(function)
        commands[point.name] = get_command(application)
    return commands


def _with_subcommands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", {})
    if not children:
        yield name, command
    for child in sorted(children):
        yield from _with_subcommands(f"{name} {child}", children[child])


def _section(name: str, command: Any) -> str:
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option" and not parameter.hidden]
    usage = " ".join([name, *(_argument(argument) for argument in arguments), "[OPTIONS]"])
    rows = [f"| `{_argument(one)}` | {'yes' if one.required else ''} | {_default(one)} | {_about(one)} |" for one in arguments]
    rows += [f"| {_names(one)} | {'yes' if one.required else ''} | {_default(one)} | {_about(one)} |" for one in options]
    table = "\n".join(["| option | required | default | meaning |", "|---|---|---|---|", *rows])
    return f"## {name}\n\n{_help(command)}\n\n```\n{usage}\n```\n\n{table}\n"


def _help(command: Any) -> str:
    return inspect.cleandoc(command.help or "").replace("\f", "").replace("\b", "")


def _first_sentence(command: Any) -> str:
    first = " ".join(_help(command).split("\n\n")[0].split())
    return first.split(". ")[0].rstrip(".").replace("|", "\\|")


def _argument(argument: Any) -> str:
    return str(argument.metavar or argument.name).upper()


def _names(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    return names if option.is_flag else f"{names} {_KINDS.get(option.type_descriptor.annotation, 'text')}"


def _default(parameter: Any) -> str:
    value = parameter.default
    if value is None or value is False or value == () or callable(value) or parameter.required:
        return ""
    return f"`{getattr(value, 'value', value)}`"


def _about(parameter: Any) -> str:
    text = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
    variable = getattr(parameter, "envvar", None)
    return f"{text} Environment: `{variable}`." if variable else text


def _anchor(name: str) -> str:
    return name.replace(" ", "-")
