#!/usr/bin/env bash
# Check for Java 17 or later and a PostgreSQL server, which the cluster tests need.
#
# As root on Debian or Ubuntu they are installed, otherwise the script prints how to install them. Safe to run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. requirements/apt.sh

say() { printf '%s\n' "$*" >&2; }

has_java() {
    local java=java version
    [ -z "${JAVA_HOME:-}" ] || java=$JAVA_HOME/bin/java
    command -v "$java" >/dev/null 2>&1 || return 1
    version=$("$java" -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p')
    [ "${version:-0}" -ge 17 ]
}
has_postgresql() { command -v initdb >/dev/null 2>&1 || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

if ! has_java && can_apt; then
    say "Java 17 or later is missing; installing it"
    apt_install openjdk-17-jre-headless || apt_install openjdk-21-jre-headless || apt_install default-jre-headless || true
fi
if ! has_java; then
    say "Apache Spark needs Java 17 or later, which is missing"
    say "  run:  sudo apt-get install -y openjdk-17-jre-headless   (or set JAVA_HOME)"
    exit 1
fi
if ! has_postgresql && can_apt; then
    say "a PostgreSQL server is missing; installing it"
    apt_install postgresql || true
fi
if ! has_postgresql; then
    say "note: there is no PostgreSQL server, so the tests that need one are skipped"
    say "      to run them, install it:  sudo apt-get install -y postgresql"
fi
