"""Checks and verdicts of sources in the reader's language.

Contracts and manifests tell them in finished English. In Chinese they are told anew, from a rule's id and from a manifest's
figures; what no word is known of stays in English, and is marked so.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from console.pages.measured import number
from console.texts import to_traditional

Words = Mapping[str, Mapping[str, str]]
_AT_LEAST = "_volume"
"""How the id of the one rule ends whose limit is a lower bound."""


def check_name(check: Mapping[str, Any], language: str) -> tuple[str, bool]:
    """What a check asks for, and whether that is in the language."""
    about = str(check.get("about") or check.get("rule_id"))
    if language == "en":
        return about, True
    found = _named(str(check.get("rule_id")), _words(language))
    return (found, True) if found else (about, False)


def _named(rule_id: str, words: Words) -> str:
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


def why(source: Mapping[str, Any], language: str) -> str:
    """Why a source has its verdict: in English as its manifest says, in Chinese by the manifest's figures."""
    if language == "en":
        return str(source.get("why") or "")
    words, verdict, day = _words(language)["why"], source["verdict"], source.get("newest_delivery")
    if verdict == "unchanged" and day:
        return words["unchanged"].format(day=day)
    if verdict == "missing":
        return words["missing"].format(day=day) if day else words["never"]
    if verdict != "stopped":
        return ""
    reasons, came = _reasons(source, language), source.get("came")
    told = words["unusable"].format(came=came, reasons="；".join(reasons)) if reasons and came else words["stopped"]
    return told + (words["before"].format(day=day) if day else "")


def _reasons(source: Mapping[str, Any], language: str) -> list[str]:
    """What kept the newest delivery from being used: files, columns, and checks of the whole delivery."""
    words, columns = _words(language)["why"], _words(language)["column"]
    reasons = [words["files"].format(n=source["unusable"])] if source.get("unusable") else []
    for check in source.get("failed", []):
        if check.get("severity") != "critical":
            continue
        if check.get("rule_id") == "columns_present" and check.get("column"):
            lacking = [columns.get(name, name) for name in str(check["column"]).split(", ")]
            reasons.append(words["columns"].format(columns="、".join(lacking)))
        elif check.get("delivered_on") and check.get("observed") is not None and check.get("limit") is not None:
            bound = "at_least" if str(check["rule_id"]).endswith(_AT_LEAST) else "at_most"
            name, _ = check_name(check, language)
            reasons.append(words[bound].format(name=name, observed=number(check["observed"]), limit=number(check["limit"])))
    return reasons


@cache
def _words(language: str) -> Words:
    path = resources.files("console.texts").joinpath("checks.zh-Hans.toml")
    words: Words = tomllib.loads(path.read_text(encoding="utf-8"))
    if language != "zh-Hant":
        return words
    return {section: {key: to_traditional(text) for key, text in pairs.items()} for section, pairs in words.items()}
