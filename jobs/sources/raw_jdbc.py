"""Records of a PostgreSQL database carried by Apache Spark: its workers ask, a connection a day, and the driver sees no row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.engine.apache_spark import POSTGRESQL_JAR
from jobs.foundation.errors import ConfigError, first_line
from jobs.profile.mapping import SourceMapping
from jobs.sources.database_address import address_of, without_password
from jobs.sources.landing import DELIVERED, FILE
from jobs.sources.raw_database import DAY, KEY, RULE, SESSION, name_of, records_sql
from jobs.sources.raw_records import RAW, ROW

# What an address may ask of libpq, by the name that it has in JDBC.
_PARAMETERS = {
    "sslmode": "sslmode", "sslrootcert": "sslrootcert", "connect_timeout": "connectTimeout", "application_name": "ApplicationName",
}  # fmt: skip
ROWS_AT_ONCE = 10_000


def carry_days(session: SparkSession, mapping: SourceMapping, days: Sequence[date], folder: Path) -> DataFrame:
    """The records of the days, read once and written to Parquet under ``folder``, a folder a rule.

    Returns:
        The raw columns, then file, day, number, key, raw text and rule of each record.

    Raises:
        ConfigError: when the address says what JDBC cannot be told, or Spark cannot read the database.
    """
    url, properties = jdbc_address(mapping)
    conditions = [f"{DAY} = DATE '{day.isoformat()}'" for day in days]
    try:
        records = session.read.jdbc(url, f"({records_sql(mapping)}) AS records", predicates=conditions, properties=properties)
        file = F.concat(F.lit(name_of(mapping, "")), F.col(DAY).cast("string")).alias(FILE)
        kept = [F.col(f"`{name.replace('`', '``')}`") for name in mapping.raw.columns]
        records.select(*kept, file, F.col(DAY).alias(DELIVERED), ROW, KEY, RAW, RULE).write.partitionBy(RULE).parquet(str(folder))
    except (PySparkException, Py4JJavaError) as error:  # the second for what PySpark has no name for, as a driver's own errors
        raise ConfigError(
            what=f"Spark cannot read the database: {without_password(_said(error), address_of(mapping))}",
            where=f"{mapping.path.name}, {name_of(mapping, days[0])} to {days[-1]}",
            then=f"see that the database answers where Spark runs, and that the driver is among its JARs ({POSTGRESQL_JAR})",
        ) from error
    return session.read.parquet(str(folder))


def _said(error: PySparkException | Py4JJavaError) -> str:
    return first_line(error.java_exception if isinstance(error, Py4JJavaError) else error)


def jdbc_address(mapping: SourceMapping) -> tuple[str, dict[str, str]]:
    """The database's address as JDBC's URL, and the properties beside it, the password among them.

    Raises:
        ConfigError: when it holds a parameter that JDBC does not know, or names no one host and port.
    """
    parts = urlsplit(address_of(mapping))
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
            then=f"give a host, and of parameters only {', '.join(_PARAMETERS)}; or run this source on the engine `sail`",
        )
    properties = {
        "driver": "org.postgresql.Driver",
        "fetchsize": str(ROWS_AT_ONCE),
        "sessionInitStatement": "; ".join(SESSION),
        **{_PARAMETERS[name]: value for name, value in given.items()},
    }
    if parts.username:
        properties["user"] = unquote(parts.username)
    if parts.password:
        properties["password"] = unquote(parts.password)
    return f"jdbc:postgresql://{f'[{host}]' if ':' in host else host}:{port}{parts.path}", properties
