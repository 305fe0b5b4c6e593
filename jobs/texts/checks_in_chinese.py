"""Checks and verdicts of sources in Simplified Chinese, for every page that tells them.

Contracts and manifests tell them in finished English. Here they are told anew, from a rule's id and from a manifest's figures,
in the words of ``checks.zh-Hans.toml`` beside this file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

_AT_LEAST = "_volume"
"""How the id of the one rule ends whose limit is a lower bound."""


def check_in_chinese(rule_id: str) -> str:
    """What a rule asks for; empty for one of which no word is known."""
    words = _words()
    if rule_id in words["rule"]:
        return words["rule"][rule_id]
    columns = words["column"]
    for ending, text in words["ending"].items():
        column = rule_id.removesuffix(ending)
        if column == rule_id:
            continue
        if "{column}" not in text:
            return text
        if column in columns:
            return text.format(column=columns[column])
    for middle, text in words["between"].items():
        earlier, _, later = rule_id.partition(middle)
        if earlier in columns and later in columns:
            return text.format(earlier=columns[earlier], later=columns[later])
    return ""


def why_in_chinese(
    verdict: str,
    *,
    newest_delivery: object,
    came: object,
    unusable: int,
    failed: Iterable[Mapping[str, Any]],
    number: Callable[[float], str],
) -> str:
    """Why a source has its verdict; empty where nothing is known.

    Args:
        verdict: as the source's manifest has it.
        newest_delivery: the day of the newest delivery in use; empty where there is none.
        came: the day of the newest delivery that came, in use or not; empty where none did.
        unusable: how many files of that one could not be read.
        failed: the checks of that one that failed, as the manifest has them.
        number: how a figure is written.
    """
    words, day = _words()["why"], newest_delivery
    if verdict in ("passed", "unchanged") and day:
        return words[verdict].format(day=day)
    if verdict == "missing":
        return words["missing"].format(day=day) if day else words["never"]
    if verdict != "stopped":
        return ""
    reasons = _reasons(unusable, failed, number)
    told = words["unusable"].format(came=came, reasons="；".join(reasons)) if reasons and came else words["stopped"]
    return told + (words["before"].format(day=day) if day else "")


def _reasons(unusable: int, failed: Iterable[Mapping[str, Any]], number: Callable[[float], str]) -> list[str]:
    """What kept the newest delivery from being used: files, columns, and checks of the whole delivery."""
    words, columns = _words()["why"], _words()["column"]
    reasons = [words["files"].format(n=unusable)] if unusable else []
    for check in failed:
        if check.get("severity") != "critical":
            continue
        rule_id = str(check.get("rule_id"))
        if rule_id == "columns_present" and check.get("column"):
            lacking = [columns.get(name, name) for name in str(check["column"]).split(", ")]
            reasons.append(words["columns"].format(columns="、".join(lacking)))
        elif check.get("delivered_on") and check.get("observed") is not None and check.get("limit") is not None:
            bound = "at_least" if rule_id.endswith(_AT_LEAST) else "at_most"
            name = check_in_chinese(rule_id) or str(check.get("about") or rule_id)
            reasons.append(words[bound].format(name=name, observed=number(check["observed"]), limit=number(check["limit"])))
    return reasons


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    path = resources.files(__package__).joinpath("words", "checks.zh-Hans.toml")
    words: Mapping[str, Mapping[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return words
