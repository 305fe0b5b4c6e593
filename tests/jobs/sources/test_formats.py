"""The registry of file formats agrees with what a mapping may name."""

from __future__ import annotations

from jobs.profile import mapping_schema
from jobs.sources.formats import FORMATS


def test_a_mapping_may_name_the_formats_that_can_be_read() -> None:
    assert set(mapping_schema.FILE_FORMATS) == set(FORMATS)


def test_the_schema_knows_which_formats_have_types_and_which_have_no_header() -> None:
    assert set(mapping_schema.TYPED_FORMATS) == {name for name, form in FORMATS.items() if form.types}
    assert set(mapping_schema.KEYED_FORMATS) == {name for name, form in FORMATS.items() if form.keys}
