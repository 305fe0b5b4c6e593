"""Checks and verdicts of sources in the reader's language.

Contracts and manifests tell them in finished English. What has no word in Chinese stays in English, and is marked so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.core.texts import to_traditional
from console.web.queries.measured import number
from jobs.texts.checks_in_chinese import check_in_chinese, why_in_chinese


def check_name(check: Mapping[str, Any], language: str) -> tuple[str, bool]:
    """What a check asks for, and whether that is in the language."""
    about = str(check.get("about") or check.get("rule_id"))
    if language == "en":
        return about, True
    found = _in(language, check_in_chinese(str(check.get("rule_id"))))
    return (found, True) if found else (about, False)


def why(source: Mapping[str, Any], language: str) -> str:
    """Why a source has its verdict: in English as its manifest says, in Chinese by the manifest's figures."""
    if language == "en":
        return str(source.get("why") or "")
    told = why_in_chinese(
        source["verdict"],
        newest_delivery=source.get("newest_delivery"),
        came=source.get("came"),
        unusable=source.get("unusable") or 0,
        failed=source.get("failed", []),
        number=number,
    )
    return _in(language, told)


def _in(language: str, text: str) -> str:
    return to_traditional(text) if language == "zh-Hant" else text
