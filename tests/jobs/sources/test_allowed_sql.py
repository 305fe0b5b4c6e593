"""A mapping's SQL is values of one record and listed functions: it cannot read a table, a file or a clock."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobs.foundation.errors import ConfigError
from jobs.profile.allowed_sql import FUNCTIONS, find_refused
from jobs.profile.mapping import load_mapping, load_usable_mappings
from jobs.profile.profile import CONFIG_ROOT
from tests.cluster.function_examples import EXAMPLES
from tests.jobs.sources.test_config_check import MAPPING, profile_of

SECRET = "a line of another file"
READS = "(select max(value) from text.`{path}`)"


@pytest.mark.parametrize("setting", ["columns.entity_name", "keep", "known_at"])
def test_a_mapping_that_reads_a_file_is_refused_when_it_is_loaded(tmp_path: Path, spark, setting: str) -> None:
    (tmp_path / "secret.txt").write_text(SECRET, encoding="utf-8")
    sql = READS.format(path=tmp_path / "secret.txt")
    assert spark.sql(f"select {sql}").collect()[0][0] == SECRET  # the engine does read it
    place, _, name = setting.partition(".")
    line = f'{name or place} = "{sql}"\n'
    text = MAPPING + line if name else MAPPING.replace("[raw]", line + "[raw]")
    path = profile_of(tmp_path, text) / "sources" / "complaints.toml"

    with pytest.raises(ConfigError, match=re.escape(setting) + ".*(has a query|calls max)"):
        load_mapping(path)
    assert list(load_usable_mappings(tmp_path)[1]) == ["complaints"]


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        # Tables and queries, however they are written.
        ("(select 1)", "a query"),
        ("a in (select x from t)", "a query"),
        ("a between (select 1) and 2", "a query"),
        ("(from text.`/etc/passwd` select value)", "a query"),
        ("(values 1)", "a query"),
        ("if(true, (table t), 1)", "not allowed"),
        ("trim(a, (select 1)", "brackets that do not match"),
        ("exists(select 1)", "calls exists"),
        ("a) , (select 1", "brackets that do not match"),
        # Functions that are not listed, however they are written.
        ("reflect('java.lang.System', 'getenv')", "calls reflect"),
        ("`reflect`('java.lang.System', 'getenv')", "calls `reflect`"),
        ("system.builtin.reflect('a', 'b')", "calls reflect"),
        ("read_files('/etc')", "calls read_files"),
        ("nosuch(a)", "calls nosuch"),
        # Texts that sqlglot and an engine could split differently.
        ("a /* ' */ || b /* ' */", "a comment"),
        ("a -- b", "a comment"),
        ("r'\\\\'", "the text r'"),
        ("x'41'", "the text x'"),
        ("'it''s'", "side by side"),
        ("'a", "does not end"),
        # What gives another answer at every run, other rows, or no value.
        ("current_date", "names current_date"),
        ("now()", "calls now"),
        ("cast(current_time as string)", "names current_time"),
        ("user", "names user"),
        ("timestamp 'now'", "depends on the clock"),
        ("cast(' Today UTC' as date)", "depends on the clock"),
        ("rpad(a, 2000000000, 'y')", "has RPAD"),
        ("lpad(a, length(b), 'y')", "has LPAD"),
        ("rand()", "calls rand"),
        ("explode(a)", "calls explode"),
        ("trim(a) over (order by b)", "calls over"),
        ("a; b", "not allowed"),
        ("a as b", "cannot be understood"),
        ("*", "not allowed"),
        ("trim(*)", "not allowed"),
        ("a[0]", "not allowed"),
        (":name", "not allowed"),
        ("{{a}}", "not allowed"),
        ("(" * 3000 + "a" + ")" * 3000, "cannot be understood"),
    ],
)
def test_what_is_refused_is_named(sql: str, what: str) -> None:
    found = find_refused(sql)
    assert found is not None
    assert what in found[0]


@pytest.mark.parametrize(
    ("sql", "then"),
    [
        ("to_date(a)", "use cast(try_to_timestamp(x, format) as date)"),
        ("int(a)", "use try_cast(x as int)"),
        ("current_timestamp()", "the same files must give the same rows"),
        ("explode(a)", "give one value a record"),
        ("uper(a)", "did you mean upper?"),
        ("nosuch(a)", "docs/reference/mapping.md"),
    ],
)
def test_a_refusal_says_what_to_write_instead(sql: str, then: str) -> None:
    found = find_refused(sql)
    assert found is not None
    assert then in found[1]


def test_the_examples_that_hold_on_every_engine_are_allowed() -> None:
    assert FUNCTIONS - {"to_timestamp"} <= EXAMPLES["each_row"].keys()
    texts = [sql for name in (FUNCTIONS - {"to_timestamp"}) | {"operators"} for sql in EXAMPLES["each_row"][name]]
    # `on` is a column of the examples, and a keyword; chr is not for mappings.
    refused = {sql: find_refused(re.sub(r"\bon\b", "`on`", sql)) for sql in texts if "chr(" not in sql}
    assert {sql: why for sql, why in refused.items() if why} == {}


@pytest.mark.parametrize("sql", ["place.`住所`", r"concat('it\'s', \"it's\")", "`a``(`", "CASE WHEN NOT (a IS NULL) THEN -1.5 END"])
def test_names_texts_and_conditions_are_allowed(sql: str) -> None:
    assert find_refused(sql.replace('\\"', '"')) is None


def test_the_documentation_lists_the_functions() -> None:
    page = (CONFIG_ROOT.parent / "docs" / "reference" / "mapping.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"### Functions\n(.*?)\n##", page, flags=re.DOTALL)
    assert set(re.findall(r"`([a-z0-9_]+)`", "".join(line for line in table.splitlines() if line.startswith("|")))) == FUNCTIONS
