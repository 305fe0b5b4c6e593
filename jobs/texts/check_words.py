"""Checks and verdicts of sources in the page's language.

In English they are what contracts and manifests say; in Chinese they are told by the rule's id and the figures.
"""

from __future__ import annotations

from jobs.lake.source_results import Check, Source
from jobs.texts.checks_in_chinese import check_in_chinese, why_in_chinese
from jobs.texts.languages import sentence_to_traditional
from jobs.texts.names import number


def check_name(check: Check, language: str) -> tuple[str, str]:
    """What a check asks for, and the language in which that is told: English for a rule that has no word in Chinese."""
    return _told(check_in_chinese(check.rule_id), check.about or check.rule_id, language)


def why(source: Source, language: str) -> tuple[str, str]:
    """Why a source has its verdict, and the language in which that is told; an empty text where nothing is known."""
    told = why_in_chinese(
        source.verdict,
        newest_delivery=source.newest_delivery,
        came=source.came,
        unusable=source.unusable,
        failed=[vars(check) for rule in source.rules for check in rule.failures],
        number=number,
    )
    return _told(told, source.why, language)


def _told(chinese: str, english: str, language: str) -> tuple[str, str]:
    if language == "en" or not chinese:
        return english, "en"
    return (sentence_to_traditional(chinese) if language == "zh-Hant" else chinese), language
