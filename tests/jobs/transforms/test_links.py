"""A complaint without an identifier is linked where one entity fits, and left alone where it does not."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.contracts.silver import COMPLAINT, ENTITY
from jobs.transforms.conform import compare_key
from jobs.transforms.links import complaint_keys, entity_keys, keep_meant, link_complaints


def linked(entities: DataFrame, complaints: DataFrame) -> DataFrame:
    given = complaint_keys(complaints)
    register = entities.withColumn("trading_name_key", compare_key(F.col("trading_name")))
    return link_complaints(given, register.transform(entity_keys).transform(keep_meant, given))


def links(spark: SparkSession, entities: list[dict], complaints: list[dict]) -> dict[str, tuple[str, str]]:
    """Complaint -> (entity, method)."""
    known = {"known_at": "2026-01-01"}
    frames = [
        spark.createDataFrame([{**known, **row} for row in rows], "known_at string, " + schema).selectExpr(
            *(
                f"try_cast(`{name.strip().split()[0]}` as {name.strip().split()[1]}) as `{name.strip().split()[0]}`"
                for name in schema.split(",")
            ),
            "cast(known_at as timestamp) as known_at",
        )
        for rows, schema in (
            (entities, "entity_id string, name_key string, trading_name string, address_key string"),
            (complaints, "complaint_id string, entity_id string, name_key string, address_key string"),
        )
    ]
    found = linked(*frames).collect()
    return {row["complaint_id"]: (row["entity_id"], row["link_method"]) for row in found}


def entity(key: str, name: str | None, address: str | None, trading: str | None = None) -> dict:
    return {"entity_id": key, "name_key": name, "address_key": address, "trading_name": trading}


def complaint(key: str, name: str | None, address: str | None, of: str | None = None) -> dict:
    return {"complaint_id": key, "entity_id": of, "name_key": name, "address_key": address}


def test_the_most_certain_method_that_finds_one_entity_is_used(spark: SparkSession) -> None:
    entities = [
        entity("1", "TEA", "ROAD1"),
        entity("2", "TEA", "ROAD2"),
        entity("3", "COFFEE", "ROAD2"),
        entity("4", "BAR", "ROAD4", "Bar 4"),
    ]
    complaints = [
        complaint("both", "TEA", "ROAD2"),
        complaint("name", "COFFEE", None),
        complaint("trading", "BAR4", None),
        complaint("place", None, "ROAD1"),
        complaint("two names", "TEA", None),
        complaint("two at the place", None, "ROAD2"),
        complaint("nobody", "WINE", "ROAD9"),
        complaint("given", "COFFEE", None, of="1"),
    ]
    assert links(spark, entities, complaints) == {
        "both": ("2", "name_and_address"),
        "name": ("3", "name"),
        "trading": ("4", "name"),
        "place": ("1", "address"),
    }


def test_a_link_is_known_when_complaint_and_entity_are_known(spark: SparkSession) -> None:
    entities = spark.sql(
        "SELECT '1' entity_id, 'TEA' name_key, NULL trading_name, NULL address_key, TIMESTAMP'2026-03-01 00:00:00' known_at"
    )
    complaints = spark.sql(
        "SELECT 'c' complaint_id, cast(NULL as string) entity_id, 'TEA' name_key, NULL address_key, "
        "TIMESTAMP'2026-01-01 00:00:00' known_at"
    )
    cast = [
        frame.selectExpr(*[f"cast(`{name}` as string) `{name}`" for name in frame.columns if name != "known_at"], "known_at")
        for frame in (complaints, entities)
    ]
    (row,) = linked(*reversed(cast)).collect()
    assert str(row["known_at"])[:10] == "2026-03-01"


def test_the_columns_it_reads_are_silver_columns() -> None:
    assert {"name_key", "address_key", "known_at", "entity_id"} <= {str(column) for column in (*ENTITY.columns, *COMPLAINT.columns)}


def test_a_name_of_two_entities_links_to_neither(spark: SparkSession) -> None:
    both = [entity("1", "ACME", None), entity("2", "ACME", None)]
    renamed = [entity("1", "ACME", None), entity("2", "ZENITH", None)]
    assert links(spark, both, [complaint("c", "ACME", None)]) == {}
    assert links(spark, renamed, [complaint("c", "ACME", None)]) == {"c": ("1", "name")}
