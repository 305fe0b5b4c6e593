"""The basis and the changes of a reason in three languages, and the day of the newest record."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from expectations.contracts.indicators import catalogue
from jobs.profile.load_profile import load_profile
from jobs.steps.explain_listed import newest_by_source, newest_of
from jobs.texts.languages import LANGUAGES
from jobs.texts.names import Names
from jobs.texts.reasons import Reason, better_in_words
from jobs.transforms.coverage import Coverage

DAY = date(2026, 6, 30)
INDICATORS = {indicator.column: indicator for indicator in catalogue()}


@pytest.fixture(autouse=True)
def small_catalogue() -> None:
    """These tests are about the real catalogue."""


def names(language: str) -> Names:
    return Names.of(load_profile("cn"), language)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "en",
            "Compared with 48 businesses: Wholesale and retail trade. From complaints and tax returns, the newest of 2026-06-12.",
        ),
        ("zh-Hans", "对比48户同类主体：批发和零售业。依据投诉举报、纳税申报，最新记录日期2026-06-12。"),
        ("zh-Hant", "對比48戶同類主體：批發和零售業。依據投訴舉報、納稅申報，最新記錄日期2026-06-12。"),
    ],
)
def test_the_basis_names_peers_sources_and_the_newest_day(language: str, wanted: str) -> None:
    reason = Reason("x", 1, 2, "industry_section=F", 48, "complaint, link, tax_filing", date(2026, 6, 12), DAY)
    assert reason.basis(names(language)) == wanted


def test_without_peers_and_a_dated_record_the_basis_names_the_day() -> None:
    reason = Reason("x", peer_group="all", rests_on="registration", as_of=DAY)
    assert reason.basis(names("en")) == "From the register, as known on 2026-06-30."


def test_a_reason_of_an_earlier_version_without_sources_has_only_its_sentence() -> None:
    reason = Reason("complaints_12m", 3.0, as_of=DAY)
    assert reason.sentence(names("en"))
    assert (reason.basis(names("en")), reason.change(names("en"))) == ("", "")


def test_an_indicator_that_the_catalogue_no_longer_has_is_named_by_its_column() -> None:
    reason = Reason("gone_from_the_catalogue", 0.25, rests_on="tax_filing, elsewhere", as_of=DAY)
    assert reason.sentence(names("zh-Hans")) == "gone from the catalogue: 0.25"
    assert reason.basis(names("en")) == "From tax returns and elsewhere, as known on 2026-06-30."
    assert reason.change(names("en")) == ""


def change(indicator: str, language: str) -> str:
    return Reason(indicator, rests_on="tax_filing").change(names(language))


def test_changes_distinguish_what_the_business_can_change_itself() -> None:
    assert change("arrears_ratio", "en") == "What would change it: Pay the tax that is in arrears."
    assert change("age_days", "en") == "The business cannot change it itself. Only time changes it."
    assert change("arrears_ratio", "zh-Hant") == "如何改變：繳清欠稅。"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_indicator_has_texts_in_every_language(language: str) -> None:
    reasons = [Reason(one.column, rests_on=", ".join(one.sources), newest_on=DAY) for one in catalogue()]
    assert all(reason.change(names(language)) for reason in reasons)
    assert len({reason.basis(names(language)) for reason in reasons}) > 5


def better(letter: str | None, *wanted: tuple[str, float, float], is_best: bool = False, language: str = "en") -> str:
    changes = [dict(zip(("indicator", "value", "wanted"), one, strict=True)) for one in wanted]
    return better_in_words(letter, json.dumps({"is_best": is_best, "most": 3, "changes": changes}), names(language))


def test_a_better_class_is_shown_with_wanted_and_current_values() -> None:
    wanted = (("arrears_ratio", 0.4, 0.05), ("unfiled_returns", 3.0, 0.0))
    assert better("B", *wanted) == (
        "Its class would be B with: 5% of the tax due is in arrears, now 40%; Tax returns of 24 months still missing: 0, now 3."
    )
    assert better("B", *wanted[:1], language="zh-Hans") == "满足以下情况即为B类：欠税占应纳税额的5%，现为40%。"
    assert better(None).startswith("Even with up to 3 of the indicators")
    assert better(None, is_best=True) == "It is in the best class."


def test_texts_of_an_earlier_version_are_shown_as_stored() -> None:
    stored = json.dumps({"texts": {"en": 'With "5%".', "zh-Hans": "为5%。", "zh-Hant": "為5%。"}})
    shown = [better_in_words("B", stored, names(language)) for language in LANGUAGES]
    assert shown == ['With "5%".', "为5%。", "為5%。"]
    assert better_in_words(None, None, names("en")) == ""


def newest(indicator: str, **ages: float) -> date | None:
    columns = [one.column for one in catalogue()]
    features = pd.DataFrame([dict.fromkeys(columns, np.nan) | ages])
    return newest_of(INDICATORS[indicator], newest_by_source(features, Coverage(DAY)), 0)


def test_the_newest_record_is_counted_back_from_the_day() -> None:
    assert newest("complaints_12m", days_since_complaint=18.0) == date(2026, 6, 12)
    assert newest("changes_12m", age_days=365.0, days_since_change=30.0) == date(2026, 5, 31)
    assert newest("changes_12m", age_days=365.0) == date(2025, 6, 30)
    # 30 June less 45 days is in May, the last closed month.
    assert newest("arrears_ratio", months_since_return=0.0) == date(2026, 5, 31)
    assert newest("arrears_ratio", months_since_return=3.0) == date(2026, 2, 28)


def test_the_newest_of_several_sources_counts_and_others_records_have_no_day() -> None:
    assert newest("complaint_rate", days_since_complaint=200.0, months_since_return=1.0) == date(2026, 4, 30)
    assert newest("entities_at_address", age_days=365.0) is None
    assert newest("excess_of_industry", age_days=365.0, days_since_visit=3.0) is None
    assert newest("excess_of_ties", age_days=365.0, days_since_visit=3.0) is None
    assert newest("arrears_ratio", age_days=365.0) is None
