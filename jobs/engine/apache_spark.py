"""Settings for Apache Spark: Java, Delta's JARs, and the options under which it gives the same rows as Sail.

Spark, Sail and ``deltalake`` must also read each other's tables.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from jobs.foundation.errors import ConfigError

JARS_VARIABLE = "STEELYARD_SPARK_JARS"
"""Paths of JARs, separated by commas, instead of fetching them. Empty: Spark has them on its own path."""
IVY_VARIABLE = "STEELYARD_IVY_SETTINGS"
"""Path of the Ivy settings for fetching JARs from elsewhere than Maven Central."""
OLDEST_JAVA = 17
SCALA = "2.13"
POSTGRESQL_JAR = "org.postgresql:postgresql:42.7.14"

SQL_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # A bad cast, a division by zero and an overflow raise, as on Sail; jobs use try_ functions where they want NULL.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # Dynamic overwrite is broken on Sail; the lake replaces by predicate on every engine.
    "spark.sql.sources.partitionOverwriteMode": "static",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Timestamps in the standard format, not as Spark's 96-bit integers.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Many stages are small: Spark merges their tasks once it knows their size.
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    # A table's log is small too; by default Delta splits it into 50 parts on every open.
    "spark.databricks.delta.snapshotPartitions": "2",
    # Only what Sail and deltalake can read.
    "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",
    "spark.databricks.delta.properties.defaults.columnMapping.mode": "none",
    "spark.databricks.delta.properties.defaults.minReaderVersion": "1",
    "spark.databricks.delta.properties.defaults.minWriterVersion": "2",
}
"""Settings of a session; Sail accepts them too and uses those it knows."""

DELTA_SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
"""Settings with which a Spark application or Connect server must be started to support Delta."""

# Dependencies in Delta's POM that Spark already has, in its own versions.
_SPARK_HAS = (
    "com.fasterxml.jackson*:*", "com.github.luben:*", "com.google.code.findbugs:*", "commons-logging:*", "commons-pool:*",
    "io.airlift:*", "javax.annotation:*", "org.apache.hadoop:*", "org.apache.logging.log4j:*", "org.apache.parquet:*",
    "org.locationtech.jts:*", "org.roaringbitmap:*", "org.slf4j:*", "org.xerial.snappy:*",
)  # fmt: skip


def require_java() -> None:
    """Check that there is a Java that Spark can use.

    Raises:
        ConfigError: when there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    found = "there is none" if java is None else _too_old(java)
    if found:
        raise ConfigError(
            what=f"Apache Spark needs Java {OLDEST_JAVA} or later, and {found}",
            where=f"JAVA_HOME={home}" if home else "PATH",
            next_step="as root on Debian or Ubuntu run `apt-get install -y openjdk-17-jre-headless`, or set JAVA_HOME;"
            " the engine `sail` and a Connect server (sc://host:port) need no Java here",
        )


def _too_old(java: str) -> str:
    """Why a Java cannot be used; empty when it can."""
    try:
        output = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False).stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{java} does not run: {error}"
    version = re.search(r'version "(\d+)', output)
    if version is None:
        return f"{java} does not report its version"
    return "" if int(version[1]) >= OLDEST_JAVA else f"{java} is Java {version[1]}"


def jar_settings(*more: str) -> dict[str, str]:
    """The settings by which an application finds Delta's JARs, and ``more`` by Maven coordinates.

    Raises:
        ConfigError: when they must be fetched and the version is unknown.
    """
    given = os.environ.get(JARS_VARIABLE)
    if given is not None:
        return {"spark.jars": given} if given.strip() else {}
    settings = {"spark.jars.packages": ",".join([delta_jar(), *more]), "spark.jars.excludes": ",".join(_SPARK_HAS)}
    ivy = os.environ.get(IVY_VARIABLE)
    return settings | ({"spark.jars.ivySettings": ivy} if ivy else {})


def delta_jar() -> str:
    """The Maven coordinates of Delta for the installed Spark, in the version of the package ``delta-spark``.

    Raises:
        ConfigError: when the package is not installed.
    """
    try:
        delta = metadata.version("delta-spark")
    except metadata.PackageNotFoundError:
        raise ConfigError(
            what="the package delta-spark, which has the version of Delta's JAR, is not installed",
            where="the extra `spark`",
            next_step=f"run `make setup`, or name the JARs in {JARS_VARIABLE}",
        ) from None
    spark = ".".join(metadata.version("pyspark").split(".")[:2])
    return f"io.delta:delta-spark_{spark}_{SCALA}:{delta}"


def classic_settings(master: str) -> dict[str, str]:
    """The settings of an application on a classic master."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **DELTA_SETTINGS,
        **jar_settings(POSTGRESQL_JAR),
    }
    if master.startswith("local"):
        # The executors are inside the driver, so no other host needs to reach it; 200 tasks per stage are too many for one machine.
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.shuffle.partitions": "8",
        }
    return settings
