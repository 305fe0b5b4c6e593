"""Runs that an earlier version published, with texts in columns of each language, show the same texts after the upgrade."""

from __future__ import annotations

import os
from typing import Any

from console.apps.ranking.runs import read_reasons
from console.publishing.open_site import migrate
from console.publishing.run_database import changed_file
from jobs.texts.languages import LANGUAGES, column_suffix
from jobs.texts.reasons import better_in_words
from tests.console.conftest import Site

NEW = {"ranking_reason": ("peer_count", "newest_on", "rests_on"), "ranking_ranked": ("better_class", "better_changes")}
KINDS = ("sentence", "basis", "change")


def texts_of(site: Site) -> dict[tuple[Any, ...], list[str]]:
    """The texts of each reason and listed entity in all languages."""
    run = site.run
    texts = {
        (reason.position, reason.reason_rank): [getattr(reason, kind)(language) for kind in KINDS for language in LANGUAGES]
        for reason in read_reasons(run)
    }
    for row in site.all_ranked(is_listed=True):
        better = (better_in_words(row.better_class, row.better_changes, run.names(language)) for language in LANGUAGES)
        texts[(row.position,)] = list(better)
    return texts


def make_earlier(site: Site, texts: dict[tuple[Any, ...], list[str]]) -> None:
    """Give the run's file the columns that it had before reasons became data."""
    columns = {
        "ranking_reason": [f"{kind}_{column_suffix(language)}" for kind in KINDS for language in LANGUAGES],
        "ranking_ranked": [f"better_{column_suffix(language)}" for language in LANGUAGES],
    }
    keys = {"ranking_reason": "position = ? AND reason_rank = ?", "ranking_ranked": "position = ?"}
    with changed_file(site.run.run_id) as database:
        for table, names in columns.items():
            for name in NEW[table]:
                database.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
            for name in names:
                database.execute(f"ALTER TABLE {table} ADD COLUMN {name} text NOT NULL DEFAULT ''")
            wanted = keys[table].count("?")
            rows = [(*text, *key) for key, text in texts.items() if len(key) == wanted]
            database.executemany(f"UPDATE {table} SET {' = ?, '.join(names)} = ? WHERE {keys[table]}", rows)


def test_an_earlier_run_shows_the_same_texts_after_the_upgrade(site: Site) -> None:
    texts = texts_of(site)
    make_earlier(site, texts)
    migrate()

    assert any(text for key, of in texts.items() if len(key) == 1 for text in of)
    assert texts_of(site) == texts


def test_a_run_of_this_version_is_not_touched(site: Site) -> None:
    path = site.folder.rankings / f"{site.run.run_id}.sqlite3"
    before = os.stat(path).st_ino
    migrate()

    assert os.stat(path).st_ino == before
    assert read_reasons(site.run, position=1)


def test_a_run_gets_columns_that_were_added_since_with_their_defaults(site: Site) -> None:
    with changed_file(site.run.run_id) as database:
        for name in ("held_source", "probability_low"):
            database.execute(f"ALTER TABLE ranking_ranked DROP COLUMN {name}")
    migrate()

    first = site.all_ranked(is_listed=True)[0]
    assert (first.held_source, first.probability_low) == ("", None)
    assert site.client("zhou").get(f"/entity/{first.entity_id}/").status_code == 200
