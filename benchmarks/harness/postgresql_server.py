"""A PostgreSQL server of one's own, on loopback, from the machine's PostgreSQL; gone with the block. Tests use it too."""

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
FLEETING = MappingProxyType({"fsync": "off"})


def find_programs() -> Path | None:
    """The folder of the newest PostgreSQL server on this machine; None when there is none."""
    here = shutil.which("initdb")
    if here is not None:
        return Path(here).resolve().parent
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(versions, key=lambda path: int(path.parent.name), default=None)


@contextmanager
def run_postgresql(programs: Path, settings: Mapping[str, str] = FLEETING) -> Iterator[str]:
    """Start a server with an empty database; give its address.

    Args:
        programs: where its programs are.
        settings: what is set otherwise than a new server has it; by default what is written need not outlive the machine.

    Raises:
        RuntimeError: when it does not come up.
    """
    # A server refuses to be root's; Debian's package brings a user for it.
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
        with _running(programs, data, _free_port(), account, settings) as port:
            yield f"postgresql://{USER}:{ADDRESS_PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
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
        while not _answers(programs, port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not come up: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(programs: Path, port: int) -> bool:
    asked = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(asked, check=False).returncode == 0
