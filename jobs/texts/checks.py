"""Names of checks and columns, and reasons of verdicts, in each language.

Contracts and manifests hold them in English. In a language with a file in ``words/checks/`` they are written from the rule's id and
the manifest's figures. A text that the file lacks stays in English.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from jobs.foundation.files import read_toml
from jobs.foundation.findings import MOST_NAMED
from jobs.texts.languages import DEFAULT, WORDS, base_of, convert_contract_text
from jobs.texts.numbers import number

Words = Mapping[str, Mapping[str, str]]

_AT_LEAST = ("_volume", "_lowest", "_rows", "_breaches")
"""How the ids of rules end whose limit is a lower bound."""


def check_name(check: Mapping[str, Any], language: str) -> tuple[str, str]:
    """Return what a check requires, and the language of that text.

    Args:
        check: ``rule_id``, and ``about``, what the rule requires in English.
        language: the wanted language.
    """
    rule_id, words = str(check.get("rule_id")), _words(base_of(language))
    return _or_english(_rule(rule_id, words) if words else "", str(check.get("about") or rule_id), language)


def column_name(column: str, language: str) -> tuple[str, str]:
    """Return the name of a contract's column, and the language of that text."""
    words = _words(base_of(language))
    return _or_english(words["column"].get(column, "") if words else "", column.removesuffix("_minor").replace("_", " "), language)


def why(source: Mapping[str, Any], language: str) -> tuple[str, str]:
    """Return why a source has its verdict, and the language of that text. The text is empty if nothing is known.

    Args:
        source: ``verdict``; ``why``, the reason in English; ``newest_delivery``, the day of the newest delivery in use; ``came``,
            the day of the newest delivery, in use or not; ``unusable``, how many of its files could not be read; ``failed``, its
            failed checks as the manifest has them; ``late``, the days of deliveries in use that came late or again.
        language: the wanted language.
    """
    words = _words(base_of(language))
    return _or_english(_verdict(source, words) + _late(source, words) if words else "", str(source.get("why") or ""), language)


def _or_english(text: str, english: str, language: str) -> tuple[str, str]:
    return (convert_contract_text(text, language), language) if text else (english, DEFAULT)


def _rule(rule_id: str, words: Words) -> str:
    """What a rule requires; empty if the words lack it."""
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


def _name(check: Mapping[str, Any], words: Words) -> str:
    return _rule(str(check.get("rule_id")), words) or str(check.get("about") or check.get("rule_id"))


def _verdict(source: Mapping[str, Any], words: Words) -> str:
    texts, verdict, day, came = words["why"], source["verdict"], source.get("newest_delivery"), source.get("came")
    if verdict == "passed" and (warned := [check for check in source.get("failed", ()) if check.get("severity") == "warning"]):
        warned.sort(key=lambda check: not check.get("delivered_on"))
        names = list(dict.fromkeys(_name(check, words) for check in warned))
        more = texts["more"].format(n=len(names)) if len(names) > MOST_NAMED else ""
        return texts["warned"].format(day=day, checks=texts["column_separator"].join(names[:MOST_NAMED]) + more)
    if verdict in ("passed", "unchanged") and day:
        return texts[verdict].format(day=day)
    if verdict == "missing":
        return texts["missing"].format(day=day) if day else texts["never"]
    if verdict != "stopped":
        return ""
    reasons = _reasons(source.get("unusable") or 0, source.get("failed", ()), words)
    text = texts["unusable"].format(came=came, reasons=texts["separator"].join(reasons)) if reasons and came else texts["stopped"]
    return text + (texts["before"].format(day=day) if day else "")


def _late(source: Mapping[str, Any], words: Words) -> str:
    days: Sequence[object] = source.get("late") or ()
    text = words["why"]["late" if len(days) == 1 else "several_late"]
    return text.format(n=len(days), first=days[0], last=days[-1]) if days else ""


def _reasons(unusable: int, failed: Iterable[Mapping[str, Any]], words: Words) -> list[str]:
    """Why the newest delivery is not used: unreadable files, missing columns, failed checks of the whole delivery."""
    texts, columns = words["why"], words["column"]
    reasons = [texts["files"].format(n=unusable)] if unusable else []
    for check in failed:
        if check.get("severity") != "critical":
            continue
        rule_id = str(check.get("rule_id"))
        if rule_id == "columns_present" and check.get("column"):
            missing = [columns.get(name, name) for name in str(check["column"]).split(", ")]
            reasons.append(texts["columns"].format(columns=texts["column_separator"].join(missing)))
        elif check.get("delivered_on") and check.get("observed") is not None and check.get("limit") is not None:
            bound = "at_least" if rule_id.endswith(_AT_LEAST) else "at_most"
            figures = {figure: number(check[figure]) for figure in ("observed", "limit")}
            reasons.append(texts[bound].format(name=_name(check, words), **figures))
    return reasons


@cache
def _words(language: str) -> Words | None:
    file = WORDS.joinpath("checks", f"{language}.toml")
    return read_toml(file, "words file") if file.is_file() else None
