"""Run a temporary PostgreSQL server on loopback with the machine's PostgreSQL programs. Tests use it too."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

USER, PASSWORD = "steelyard", "p@ss/w'rd 秤"
ADDRESS_PASSWORD = "p%40ss%2Fw%27rd%20%E7%A7%A4"
START_SECONDS = 60
TEMPORARY = MappingProxyType({"fsync": "off"})


def find_programs() -> Path | None:
    """The folder of the newest PostgreSQL server programs on this machine, or None."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(versions, key=lambda path: int(path.parent.name), default=None)


@contextmanager
def run_postgresql(programs: Path, settings: Mapping[str, str] = TEMPORARY) -> Iterator[str]:
    """Start a server with an empty database and yield its address.

    Args:
        programs: folder of the server's programs.
        settings: settings that differ from the defaults; the default turns off fsync.

    Raises:
        RuntimeError: the server does not start.
    """
    # The server does not run as root. Debian's package creates the user postgres.
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="steelyard-postgresql-"))
    try:
        password = folder / "password"
        password.write_text(PASSWORD + "\n", encoding="utf-8")
        if account:
            for path in (folder, password):
                shutil.chown(path, account)
        data = folder / "data"
        locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--no-sync", "-U", USER]
        _run(programs / "initdb", "-D", data, *locale, f"--pwfile={password}", account=account, folder=folder)
        with _running(programs, data, free_port(), account, settings) as port:
            yield f"postgresql://{USER}:{ADDRESS_PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A free TCP port on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(*command: object, account: str | None, folder: Path) -> None:
    done = subprocess.run([str(part) for part in command], user=account, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")


@contextmanager
def _running(programs: Path, data: Path, port: int, account: str | None, settings: Mapping[str, str]) -> Iterator[int]:
    options = ["-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", "", "-c", "timezone=Asia/Shanghai"]
    options += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    log = data.parent / "server.log"
    with log.open("wb") as file:
        server = subprocess.Popen([str(programs / "postgres"), *options], user=account, cwd=data.parent, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _is_ready(programs, port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _is_ready(programs: Path, port: int) -> bool:
    command = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(command, check=False).returncode == 0
