"""A table `[translate]` without a translation is refused: it is an unfinished mapping."""

from __future__ import annotations

from jobs.profile.mapping_schema import shape_problems


def test_an_empty_table_of_translations_is_refused() -> None:
    raw = {"contract": "registration", "owner": "o", "format": "csv", "files": "c/{delivered_on}/*", "delivery": "increment"}
    problems = shape_problems({**raw, "raw": {"columns": ["state"]}, "translate": {}})
    (found,) = [one for one in problems if one.sentence() == "translate: is empty"]
    assert (found.is_error, bool(found.next_step)) == (True, True)
