#!/usr/bin/env bash
# Install .venv from the hashed locks. Run by `make setup`; safe to interrupt and to run again.
#
# Needs Python 3.11 or later. As root on Debian or Ubuntu it installs missing system packages (python3-venv, libgomp1).
# The settings of pip and uv (index, proxy, certificates) apply; this file and the locks name no host.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. requirements/apt.sh

venv=.venv
quiet=()
[ -t 2 ] || quiet=(--quiet)
started=$SECONDS

say() { printf '%s\n' "$*" >&2; }
step() { say "[$1/4, $((SECONDS - started)) s] $2"; }
stop() { say "setup stopped: $1"; shift; for line in "$@"; do say "  $line"; done; exit 1; }

# Succeeds if the command is Python of at least version $2 (as 3,11), and below $3 if given.
is_python() {
    command -v "$1" >/dev/null 2>&1 || return 1
    "$1" -c "import sys; sys.exit(not (($2,) <= sys.version_info[:2] < (${3:-9,0},)))" >/dev/null 2>&1
}

# The machine's Python first, then others by name; untested versions (3.14 and later) only if there is no other.
find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if is_python "$name" 3,11 3,14; then printf '%s' "$name"; return 0; fi
    done
    for name in python3 python3.15 python3.14; do
        if is_python "$name" 3,11; then
            say "note: $("$name" --version) is newer than the versions that Steelyard is tested with (3.11 to 3.13)"
            printf '%s' "$name"
            return 0
        fi
    done
    return 1
}

make_venv() {
    local python version
    if [ -n "${PYTHON:-}" ]; then
        is_python "$PYTHON" 3,11 || stop "PYTHON=$PYTHON is not Python 3.11 or later"
        python=$PYTHON
    else
        python=$(find_python) || stop "no Python 3.11 or later was found" \
            "Debian 12 and later, Ubuntu 24.04 and later:  apt-get install -y python3 python3-venv" \
            "Ubuntu 22.04:                                 apt-get install -y python3.11 python3.11-venv" \
            "or give a path:                               make setup PYTHON=/path/to/python3.12"
    fi
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        local package="python$version-venv"
        if can_apt; then
            say "      Python's venv module is missing; installing $package"
            apt_install "$package" || stop "$package could not be installed" "install it, then run make again"
        else
            stop "Python $version lacks its venv module" "run:  sudo apt-get install -y $package" "then: make setup"
        fi
    fi
    rm -rf "$venv"
    "$python" -m venv "$venv"
}

# uv does not read pip's settings: pass on the indexes and the certificate.
pass_on_pip_settings() {
    local index extra
    index=$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)
    extra=$("$venv/bin/python" -m pip config get global.extra-index-url 2>/dev/null || true)
    index=${PIP_INDEX_URL:-$index}
    extra=${PIP_EXTRA_INDEX_URL:-$extra}
    if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then export UV_DEFAULT_INDEX=$index; fi
    if [ -n "$extra" ] && [ -z "${UV_INDEX:-}${UV_EXTRA_INDEX_URL:-}" ]; then export UV_INDEX=$extra; fi
    if [ -n "${PIP_CERT:-}" ] && [ -z "${SSL_CERT_FILE:-}" ]; then export SSL_CERT_FILE=$PIP_CERT; fi
    export UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-${PIP_DEFAULT_TIMEOUT:-120}}
}

# Without a terminal there is no progress bar, so print a line every 30 seconds.
with_heartbeat() {
    local pid status=0
    if [ -t 2 ]; then "$@"; return; fi
    "$@" &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        for _ in $(seq 30); do sleep 1; kill -0 "$pid" 2>/dev/null || break; done
        kill -0 "$pid" 2>/dev/null && say "      still running, $((SECONDS - started)) s"
    done
    wait "$pid" || status=$?
    return "$status"
}

has_gomp() { "$venv/bin/python" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' >/dev/null 2>&1; }

step 1 "a virtual environment in $venv"
is_python "$venv/bin/python" 3,11 || make_venv
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip --upgrade >/dev/null
pass_on_pip_settings

step 2 "the installer, by hash"
"$venv/bin/python" -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements/setup.txt \
    || stop "the installer could not be downloaded" "check the network, or PIP_INDEX_URL and PIP_CERT if you use a mirror"
uv="$venv/bin/uv"

step 3 "$(grep -c '^[a-z0-9].*==' requirements/lock.txt) packages, by hash (a few minutes the first time)"
# Only wheels, except for pyspark, which has none; without isolation it is built with the locked setuptools. The installer is not in
# the lock, so it is synced along with it. Packages are compiled here once: where Python may not write beside them (a container,
# PYTHONDONTWRITEBYTECODE), each process would compile thousands of modules, which takes a third of a small day.
with_heartbeat "$uv" pip sync "${quiet[@]}" --python "$venv/bin/python" --compile-bytecode --require-hashes \
    --only-binary :all: --no-binary pyspark --no-build-isolation requirements/lock.txt requirements/setup.txt \
    || stop "the packages could not be installed" "run make again: downloaded packages are kept"
"$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
"$venv/bin/python" -m compileall -q expectations models jobs simulation console

step 4 "the system library that LightGBM needs"
if ! has_gomp; then
    if can_apt && apt_install libgomp1 && has_gomp; then
        say "      libgomp1 installed"
    else
        say "note: libgomp.so.1 is missing, so scikit-learn's gradient boosting replaces LightGBM"
        say "      to use LightGBM, run:  sudo apt-get install -y libgomp1"
    fi
fi
say "set up in $((SECONDS - started)) s: $venv with $("$venv/bin/python" --version)"
