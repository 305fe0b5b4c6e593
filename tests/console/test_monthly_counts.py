"""Monthly counts, their charts, and drift against an earlier day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.cache import cache
from django.db import connections
from django.test.utils import CaptureQueriesContext

from console.apps.decisions.models import Case, Result
from console.apps.evidence.models import Event, Figure, Link
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import alias_of
from console.publishing.monthly_counts import MONTHS
from console.publishing.publish import publish
from console.web.queries.time_charts import CHARTS
from jobs.texts.numbers import number
from models.statistics.drift import population_stability_index
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import HANGZHOU, ZHENGZHOU, Site


def total(measure: str, **where: Any) -> int:
    return sum(Figure.objects.filter(measure=measure, **where).values_list("count", flat=True))


def test_the_state_counts_each_entity_once(site: Site) -> None:
    june = date(2026, 6, 1)

    assert total("entities", month=june) == site.run.entities
    assert total("high_risk", month=june, region_middle=HANGZHOU) == site.all_ranked(risk_class="D", region_middle=HANGZHOU).count()
    assert total("listed") == site.run.listed
    assert 0 < total("unfiled") <= total("filers") <= site.run.entities


def test_events_are_counted_in_their_month_and_region(site: Site) -> None:
    born = [row for row in site.all_ranked(region_middle=HANGZHOU) if f"{row.established_on}"[:7] == "2026-05"]

    assert total("births", month=date(2026, 5, 1), region_middle=HANGZHOU) == len(born) > 0


def test_complaints_that_name_or_are_linked_to_an_entity_count(site: Site) -> None:
    linked = dict(Link.objects.values_list("complaint_id", "entity_id"))
    known = {row.entity_id for row in site.all_ranked()}
    newest: dict[str, Event] = {}
    for event in Event.objects.filter(kind="complaint").order_by("known_at", "delivered_on", "source_file", "source_row"):
        newest[event.record] = event
    of = [
        event
        for event in newest.values()
        if (event.entity_id or linked.get(event.record)) in known and f"{event.happened_on}" >= "2024-07" and not event.is_absent
    ]

    assert total("complaints") == len(of) > 0


def test_a_later_day_of_the_month_updates_its_counts_and_an_earlier_one_does_not(
    site: Site, finished_day: FinishedDay, tmp_path: Path
) -> None:
    before = {figure.pk for figure in Figure.objects.filter(measure="births")}

    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, days=-1, change=_all_in_class_d))
    assert total("high_risk", month=date(2026, 6, 1)) == site.all_ranked(risk_class="D").count()
    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, change=_all_in_class_d))

    assert total("high_risk", month=date(2026, 7, 1)) == site.run.entities
    assert total("entities", month=date(2026, 6, 1)) == site.run.entities
    assert {figure.pk for figure in Figure.objects.filter(measure="births")} <= before


def test_time_charts_show_the_users_regions_with_a_table_and_a_file_each(site: Site) -> None:
    page = site.client("wang").get("/explore/")
    charts = {chart.key: chart for chart in page.context["over_time"]}
    births = charts["births_deaths"].lines[0]

    assert charts.keys() == CHARTS.keys()
    assert len(births.values) == len(charts["births_deaths"].rows) == MONTHS
    assert sum(births.values) == total("births", region_middle=HANGZHOU)
    assert charts["high_risk"].lines[0].values[-1] == pytest.approx(
        site.all_ranked(region_middle=HANGZHOU, risk_class="D").count() / site.all_ranked(region_middle=HANGZHOU).count()
    )
    assert {code for code, _ in page.context["regions"]}.isdisjoint({ZHENGZHOU})
    for key, chart in charts.items():
        lines = b"".join(site.client("wang").get(f"/explore/{key}.csv").streaming_content).decode("utf-8-sig").splitlines()
        assert len(lines) == MONTHS + 1
        assert len(lines[0].split(",")) == len(chart.lines) + 1


def test_a_region_or_an_industry_narrows_the_charts_and_another_region_shows_nothing(site: Site) -> None:
    def births(query: str) -> float:
        chart = site.client("wang").get(f"/explore/?{query}").context["over_time"][0]
        return sum(value or 0 for value in chart.lines[0].values)

    code = site.ranked(region_middle=HANGZHOU).region_code
    section = Figure.objects.filter(measure="births", region_middle=HANGZHOU).order_by("-industry_section")[0].industry_section

    assert births(f"region={code}") == total("births", region_code=code)
    assert births(f"industry={section}") == total("births", region_middle=HANGZHOU, industry_section=section)
    assert births(f"region={ZHENGZHOU}") == 0


AS_OF_PUBLISHING = ("ranking_ranked", "ranking_reason", "evidence_figure")


@pytest.mark.parametrize("query", ["", f"region={HANGZHOU}&industry=F"])
def test_sums_are_computed_once_for_each_jurisdiction_and_again_after_publishing(
    site: Site, finished_day: FinishedDay, tmp_path: Path, query: str
) -> None:
    def look(name: str) -> tuple[list[Any], int]:
        """What the page shows, and how often it counted published rows."""
        alias = alias_of(site.run.run_id)
        with CaptureQueriesContext(connections[alias]) as of_run, CaptureQueriesContext(connections["evidence"]) as of_figures:
            page = site.client(name).get(f"/explore/?{query}").context
        shown = [page["charts"], page["over_time"], page["regions"]]
        return shown, sum(any(table in asked["sql"] for table in AS_OF_PUBLISHING) for asked in (*of_run, *of_figures))

    first, again, colleague, elsewhere = look("wang"), look("wang"), look("li"), look("liu")
    assert first[1] > 0
    assert again == colleague == (first[0], 0)
    assert elsewhere[1] > 0
    assert elsewhere[0] != first[0]
    cache.clear()
    assert look("wang") == first

    site.now[0] += timedelta(days=1)
    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, days=-1, change=_all_in_class_d))
    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, change=_all_in_class_d))
    later = look("wang")
    classes, everybody = later[0][0][0], site.all_ranked(region_middle=HANGZHOU).count()
    assert later[1] > 0
    assert sorted(bar.count for bar in classes.bars) == [0, 0, 0, everybody]


def _all_in_class_d(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(risk_class="D") if name == "gold/scores" else frame


def test_visits_by_month_count_violations(site: Site, send: Any) -> None:
    site.now[0] -= timedelta(hours=12)  # the evening of the day, in the last month of the charts
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    case = Case.objects.get()
    said = {"visit_status": "inspected", "inspected_on": "2026-06-30", "items_checked": 3, "breaches": 1, "severity": 1}
    site.client("wang").post(f"/case/{case.pk}/result/", {"token": "r", "version": 1, "found_violation": "yes", **said})
    chart = {chart.key: chart for chart in site.client("wang").get("/explore/").context["over_time"]}["visits"]

    assert [line.values[-1] for line in chart.lines] == [1, 1]
    assert site.client("liu").get("/explore/").context["over_time"][-1].is_empty
    assert site.client("wang").get("/explore/").context["unbiased"] is None
    assert Result.objects.get().inclusion_probability is None


def test_the_stability_index_compares_shares_with_unknown_as_a_bin() -> None:
    then, now = np.array([1.0, 1, 2, 2]), np.array([1.0, 2, 2, np.nan])
    edges = np.array([1.5])

    # Shares: then 1/2, 1/2, 0 (counted as half of one in four); now 1/4, 1/2, 1/4.
    wanted = (0.25 - 0.5) * np.log(0.25 / 0.5) + 0 + (0.25 - 0.125) * np.log(0.25 / 0.125)
    assert population_stability_index(now, then, edges) == pytest.approx(wanted)
    assert population_stability_index(then, then, edges) == 0


def test_a_day_is_compared_with_an_earlier_one(site: Site, finished_day: FinishedDay, tmp_path: Path) -> None:
    assert PublishedRun.objects.get().drift == {}

    def change(name: str, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(age_days=frame["age_days"] * 3, changes_12m=np.nan) if name == "gold/features" else frame

    done = publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, change=change))
    found = PublishedRun.objects.get(run_id=done.run_id).drift
    by_name = {one["indicator"]: one for one in found["indicators"]}

    assert (found["against"], found["points"], found["is_other_model"]) == ("2026-06-30", 0, False)
    assert by_name["age_days"]["index"] > 0.25
    assert by_name["changes_12m"]["unknown"] == 1 > by_name["changes_12m"]["unknown_then"]
    assert by_name["employees"]["index"] == 0
    page = site.client("chen").get("/status/")
    assert {one.how for one in page.context["moved"][:2]} == {"much"}


def test_the_models_page_shows_its_quality_and_its_card(site: Site) -> None:
    page = site.client("chen").get("/status/")
    card = site.client("chen").get("/status/model-card.md")

    assert {name for name, _ in page.context["held_out"]} >= {"model", "random_expected", "past_record"}
    shown = [figure for _, figures in page.context["held_out"] for figure in figures if figure.get("low") is not None]
    assert shown
    for figure in shown:
        text = f"{number(figure['value'])} ({number(figure['low'])} – {number(figure['high'])})"
        assert text in page.content.decode()
    assert page.context["weights"][0][1] >= page.context["weights"][-1][1] > 0
    assert b"".join(card.streaming_content).decode().startswith(f"# Model {site.run.model_id}")
