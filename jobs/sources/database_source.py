"""Deliveries in a PostgreSQL database: the days of delivery, whether they changed, and their records as Parquet.

On Apache Spark its workers read the records, one connection a day, and the driver sees no row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.engine.apache_spark import POSTGRESQL_JAR
from jobs.engine.session import is_apache_spark
from jobs.formats.raw_records import RAW, ROW
from jobs.foundation.errors import ConfigError, first_line
from jobs.lake.batches import Batch, FileFacts
from jobs.profile.mapping import SourceMapping
from jobs.profile.mapping_schema import Database
from jobs.sources import postgresql
from jobs.sources.landing import DELIVERED, FILE, Landed, Landing
from jobs.sources.postgresql import DAY, KEY, RULE, SOUND, name_of

if TYPE_CHECKING:
    from jobs.engine.lake import Lake


# The parameters that an address may have, with their names in JDBC.
_PARAMETERS = {
    "sslmode": "sslmode", "sslrootcert": "sslrootcert", "connect_timeout": "connectTimeout", "application_name": "ApplicationName",
}  # fmt: skip
ROWS_AT_ONCE = 10_000


def carry_days(session: SparkSession, mapping: SourceMapping, days: Sequence[date], folder: Path) -> DataFrame:
    """Write the records of the days to Parquet under ``folder``, one folder a rule, and return them.

    Returns:
        The raw columns, then file, day, number, key, raw text and rule of each record.

    Raises:
        ConfigError: when JDBC does not know a parameter of the address, or Spark cannot read the database.
    """
    url, properties = jdbc_address(mapping)
    conditions = [f"{DAY} = DATE '{day.isoformat()}'" for day in days]
    try:
        records = session.read.jdbc(
            url, f"({postgresql.records_sql(mapping)}) AS records", predicates=conditions, properties=properties
        )
        file = F.concat(F.lit(name_of(mapping, "")), F.col(DAY).cast("string")).alias(FILE)
        kept = [F.col(f"`{name.replace('`', '``')}`") for name in mapping.raw.columns]
        records.select(*kept, file, F.col(DAY).alias(DELIVERED), ROW, KEY, RAW, RULE).write.partitionBy(RULE).parquet(str(folder))
    except (PySparkException, Py4JJavaError) as error:  # the second covers errors of the JDBC driver
        raise ConfigError(
            what=f"Spark cannot read the database: {postgresql.without_password(_said(error), postgresql.address_of(mapping))}",
            where=f"{mapping.path.name}, {name_of(mapping, days[0])} to {days[-1]}",
            next_step=f"check that the database answers where Spark runs, and that the driver is among its JARs ({POSTGRESQL_JAR})",
        ) from error
    return session.read.parquet(str(folder))


def _said(error: PySparkException | Py4JJavaError) -> str:
    return first_line(error.java_exception if isinstance(error, Py4JJavaError) else error)


def jdbc_address(mapping: SourceMapping) -> tuple[str, dict[str, str]]:
    """The JDBC URL of the database, and the properties, including the password.

    Raises:
        ConfigError: when the address has a parameter that JDBC does not know, or not exactly one host and port.
    """
    parts = urlsplit(postgresql.address_of(mapping))
    given = dict(parse_qsl(parts.query))
    unknown = sorted(set(given) - set(_PARAMETERS))
    try:
        host, port = parts.hostname, parts.port or 5432
    except ValueError:  # several hosts, or a port that is no number
        host, port = None, 0
    if unknown or not host:
        why = f"has {', '.join(unknown)}, which is not known to JDBC" if unknown else "names no host with one port"
        raise ConfigError(
            what=f"the address {why}",
            where=mapping.database.url_variable if mapping.database else str(mapping.path),
            next_step=f"give a host, and of parameters only {', '.join(_PARAMETERS)}; or run this source on the engine `sail`",
        )
    properties = {
        "driver": "org.postgresql.Driver",
        "fetchsize": str(ROWS_AT_ONCE),
        "sessionInitStatement": "; ".join(postgresql.SESSION),
        **{_PARAMETERS[name]: value for name, value in given.items()},
    }
    if parts.username:
        properties["user"] = unquote(parts.username)
    if parts.password:
        properties["password"] = unquote(parts.password)
    return f"jdbc:postgresql://{f'[{host}]' if ':' in host else host}:{port}{parts.path}", properties


class InDatabase:
    """The deliveries of a source in a database, up to and including ``as_of``."""

    def __init__(self, mapping: SourceMapping, database: Database, as_of: date) -> None:
        self._mapping, self._database, self._as_of = mapping, database, as_of
        self._dateless = 0

    def facts(self, known: Mapping[date, Batch]) -> dict[date, list[FileFacts]]:
        """The number of records of each day and their hash; days before the look-back stay as they are known.

        Raises:
            ConfigError: when every record taken in before is gone, as while a table is being refilled.
        """
        since = self._since(known)
        found = {day: batch.files for day, batch in known.items() if since is not None and day < since}
        with postgresql.connected(self._mapping) as cursor:
            postgresql.check_columns(cursor, self._mapping)
            cursor.execute(postgresql.days_sql(self._mapping, self._as_of, since))
            days = cursor.fetchall()
            if known and not days:
                self._check_not_emptied(cursor, known)
            for text, count, first, second in days:
                day = date.fromisoformat(text)
                digest = hashlib.sha256(f"{count} {first} {second}".encode()).hexdigest()
                found[day] = [FileFacts(name_of(self._mapping, day), count, 0, digest)]
            cursor.execute(postgresql.dateless_sql(self._mapping))
            (self._dateless,) = cursor.fetchone()
        return found

    def _check_not_emptied(self, cursor: Any, known: Mapping[date, Batch]) -> None:
        """Refuse a table without any record: a source may withdraw the days of the look-back, but hardly all days."""
        cursor.execute(postgresql.newest_sql(self._mapping, self._as_of))
        (newest,) = cursor.fetchone()
        if newest is None:
            raise ConfigError(
                what=f"no record of {self._mapping.name} up to {self._as_of} exists, although {len(known)} days were taken in",
                where=f"{self._mapping.path.name}, {self._database.name}",
                next_step="check that the table is filled; if all records were withdrawn, leave one",
            )

    def _since(self, known: Mapping[date, Batch]) -> date | None:
        """The first day to compare for changes; None for all days."""
        if self._database.look_back_days is None or not known:
            return None
        return min(max(known), self._as_of) - timedelta(days=self._database.look_back_days)

    def newest(self) -> date | None:
        """The newest day with a record; None when the database does not answer, which ingest reports."""
        try:
            with postgresql.connected(self._mapping) as cursor:
                cursor.execute(postgresql.newest_sql(self._mapping, self._as_of))
                (day,) = cursor.fetchone()
        except ConfigError:
            return None
        return date.fromisoformat(day) if day else None

    def warnings(self) -> list[str]:
        """The number of records without a day of delivery, as :meth:`facts` counted them."""
        if not self._dateless:
            return []
        name, column = self._database.name, self._database.delivered_on
        return [f"{self._dateless} records of {name} are left out: their {column} is no date of a calendar"]

    def land(self, days: Sequence[date], folder: Path, lake: Lake, progress: Callable[[Path], None], /) -> Landed:
        """Read the records through JDBC on Apache Spark, and through Arrow elsewhere; both give the same records."""
        for day in days:
            progress(Path(name_of(self._mapping, day)))
        landing = Landing(self._mapping, folder)
        if is_apache_spark(lake.session):
            return self._carry(days, folder, lake, landing)
        with postgresql.connected(self._mapping) as cursor:
            for day in days:
                landing.take(postgresql.read_day(cursor, self._mapping, day), name_of(self._mapping, day), day)
        return landing.close()

    def _carry(self, days: Sequence[date], folder: Path, lake: Lake, landing: Landing) -> Landed:
        carried = folder / "carried"
        records = carry_days(lake.session, self._mapping, days, carried)
        for row in records.where(F.col(RULE) != SOUND).orderBy(DELIVERED, ROW, KEY, RAW).collect():
            day = row[DELIVERED]
            landing.reject(
                postgresql.rejected(self._mapping, row[ROW], row[KEY], row[RAW], row[RULE]),
                name_of(self._mapping, day),
                day,
            )
        landed = landing.close()
        counts = {row[DELIVERED]: row["count"] for row in records.groupBy(DELIVERED).count().collect()}
        landed.read = {day: counts.get(day, 0) for day in days}
        sound = carried / f"{RULE}={SOUND}"
        landed.rows = dict.fromkeys(days, sound) if sound.is_dir() else {}
        return landed
