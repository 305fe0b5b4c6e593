"""Serving the site: settings for production, demo accounts, one environment with Airflow."""

from __future__ import annotations

import gc
import json
import logging
import os
import re
import subprocess
import sys
import time
from datetime import timedelta
from importlib.metadata import distribution, requires, version
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.http import Http404
from django.test import RequestFactory, override_settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from console import server
from console.apps.accounts.demo_accounts import check_production_accounts, make_demo_accounts
from console.apps.accounts.models import Jurisdiction, User
from console.apps.accounts.roles import Role
from console.apps.api.tokens import make_token
from console.apps.audit.models import AuditEvent
from console.commands.serve import serve
from console.core.environment import HTTPS_SWITCH, Folder, is_on
from console.core.log import OneLine
from console.server import Server
from jobs.foundation.errors import ConfigError, InputMissing
from tests.console.conftest import PASSWORD, Site

ROOT = Path(__file__).resolve().parents[2]


def test_the_settings_are_fit_for_production(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("STEELYARD", "DJANGO"))}
    environment |= {"STEELYARD_CONSOLE_FOLDER": str(tmp_path), "STEELYARD_CONSOLE_HOSTS": "console.example"}
    words = [sys.executable, "-m", "console.manage", "check", "--deploy", "--fail-level", "WARNING"]

    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_databases_are_readable_by_their_owner_only_also_in_a_folder_that_others_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "console"
    folder.mkdir()
    folder.chmod(0o755)
    environment = {**os.environ, "STEELYARD_CONSOLE_FOLDER": str(folder)}

    subprocess.run(
        [sys.executable, "-m", "console.manage", "migrate"], cwd=ROOT, env=environment, capture_output=True, check=True, umask=0o022
    )

    assert (folder / "console.sqlite3").stat().st_mode & 0o777 == 0o600


def test_the_secret_key_is_complete_or_absent_and_stable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from console import settings as module

    folder = Folder(tmp_path)
    monkeypatch.setattr(module, "FOLDER", folder)
    monkeypatch.delenv("STEELYARD_CONSOLE_SECRET_KEY", raising=False)

    def killed(_bytes: int) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module.secrets, "token_urlsafe", killed)
        with pytest.raises(KeyboardInterrupt):
            module._secret_key()
    assert not folder.secret.exists()

    key = module._secret_key()

    assert (len(key) > 60, module._secret_key(), folder.secret.stat().st_mode & 0o777) == (True, key, 0o600)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("secret_key")] == ["secret_key"]


def test_migrations_match_the_models() -> None:
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=out)
    assert out.getvalue() == "No changes detected\n"


@override_settings(DEMO_ACCOUNTS=True)
@pytest.mark.usefixtures("site")
def test_an_empty_database_gets_one_demo_account_for_each_role() -> None:
    assert make_demo_accounts() == []
    Jurisdiction.objects.all().delete()
    User.objects.all().delete()

    made = dict(make_demo_accounts())

    assert made.keys() == set(Role)
    assert all(User.objects.get(username=name).check_password(password) for name, password in made.items())
    assert all(user.must_change_password for user in User.objects.all())
    assert make_demo_accounts() == []
    assert not AuditEvent.objects.filter(detail__contains=made["admin"]).exists()


@pytest.mark.parametrize(
    ("environment", "are_allowed"),
    [
        ({"STEELYARD_CONSOLE_HTTPS": "off"}, True),
        ({}, False),
        ({"STEELYARD_CONSOLE_HTTPS": "on"}, False),
        ({"STEELYARD_CONSOLE_HTTPS": "off", "STEELYARD_CONSOLE_HOSTS": "localhost,console.example"}, False),
    ],
)
def test_only_a_site_that_no_other_machine_can_reach_has_demo_accounts(
    environment: dict[str, str], are_allowed: bool, tmp_path: Path
) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("STEELYARD", "DJANGO"))}
    clean |= {"STEELYARD_CONSOLE_FOLDER": str(tmp_path), **environment}
    words = [sys.executable, "-c", "from console import settings; print(settings.DEMO_ACCOUNTS)"]

    said = subprocess.run(words, cwd=ROOT, env=clean, capture_output=True, text=True, check=True).stdout

    assert said.strip() == str(are_allowed)


@pytest.mark.usefixtures("site")
def test_production_settings_make_no_demo_accounts_and_say_what_to_do() -> None:
    Jurisdiction.objects.all().delete()
    User.objects.all().delete()

    with pytest.raises(ConfigError, match="make_administrator"):
        make_demo_accounts()
    with pytest.raises(InputMissing, match=r"there is no account yet.*make_administrator"):
        check_production_accounts()

    assert not User.objects.exists()
    said = StringIO()
    call_command("make_administrator", "sun", stdout=said)
    assert User.objects.get().check_password(said.getvalue().split()[-1])
    assert (User.objects.get().role, User.objects.get().must_change_password) == (Role.ADMIN, True)
    check_production_accounts()
    with pytest.raises(CommandError, match="exists"):
        call_command("make_administrator", "SUN")


def test_demo_accounts_cannot_sign_in_with_production_settings(site: Site) -> None:
    User.objects.filter(username="wang").update(is_demo=True)
    user, signs_in = site.user("wang"), {"username": "wang", "password": PASSWORD}
    token = make_token(user, "program", ["list"], site.now[0].date() + timedelta(days=2))
    asks = {"headers": {"authorization": f"Bearer {token}"}}
    with override_settings(DEMO_ACCOUNTS=True):
        client = site.client("wang")
        assert (client.get("/").status_code, site.client().get("/api/list", **asks).status_code) == (200, 200)
        assert site.client().post("/sign-in/", signs_in).status_code == 302

    assert client.get("/").status_code == 302
    assert site.client().get("/api/list", **asks).status_code == 401
    assert site.client().post("/sign-in/", signs_in).status_code == 200

    with pytest.raises(ConfigError, match="shut_demo_accounts"):
        check_production_accounts()
    call_command("shut_demo_accounts", stdout=StringIO())
    check_production_accounts()
    assert [event.actor for event in AuditEvent.objects.filter(kind="account_changed")] == ["steelyard"]


@pytest.mark.parametrize("word", ["off", "OFF", "0", "no", "false", " off "])
def test_passwords_never_cross_a_network_unencrypted(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("STEELYARD_CONSOLE_HTTPS", word)

    with pytest.raises(ConfigError, match="unencrypted"):
        serve(Path("home"), host="0.0.0.0")


def test_an_unknown_word_for_a_switch_is_refused_by_the_command_and_by_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STEELYARD_CONSOLE_HTTPS", "of")
    with pytest.raises(ConfigError, match="on or off"):
        serve(Path("home"), host="0.0.0.0")

    words = [sys.executable, "-c", "import console.settings"]
    environment = {**os.environ, "STEELYARD_CONSOLE_FOLDER": str(tmp_path)}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "ImproperlyConfigured: STEELYARD_CONSOLE_HTTPS is 'of'; write on or off" in done.stderr


def test_no_page_puts_secrets_on_a_command_line() -> None:
    """Every user of a machine can read the arguments of every process, also those of ``env NAME=VALUE …``."""
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md")]

    assert [
        line for page in pages for line in page.splitlines() if re.search(r"\benv \$\(|xargs|env .*(KEY|PASSWORD)=", line)
    ] == []
    assert any("EnvironmentFile=/etc/steelyard/console.env" in page for page in pages)


def test_a_server_on_postgresql_keeps_connections_and_ends_slow_statements(tmp_path: Path) -> None:
    says = (
        "import console.wsgi\nfrom django.db import connections\nfrom console.apps.ranking.runs import alias_of\n"
        "names = ('default', 'evidence', alias_of('2026-06-30-abc'))\n"
        "kept = ('CONN_MAX_AGE', 'CONN_HEALTH_CHECKS', 'OPTIONS')\n"
        "import json; print(json.dumps({name: [connections.settings[name][it] for it in kept] for name in names}))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("STEELYARD", "DJANGO"))}
    environment |= {"STEELYARD_CONSOLE_FOLDER": str(tmp_path), "STEELYARD_CONSOLE_DATABASE": "postgresql://a:b@localhost/c"}

    done = subprocess.run([sys.executable, "-c", says], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)

    paths = {"default": "console", "evidence": "evidence", "run_2026-06-30-abc": "run_2026_06_30_abc"}
    for name, (seconds, is_checked, options) in json.loads(done.stdout).items():
        asked = dict(pair.split("=") for pair in options["options"].split() if pair != "-c")
        assert (seconds, is_checked) == (60, True)
        assert (asked["search_path"], asked["statement_timeout"]) == (paths[name], "30s")


@pytest.mark.parametrize(("word", "is_it"), [("on", True), ("YES", True), ("1", True), ("", True), ("0", False), ("off", False)])
def test_the_command_and_the_settings_read_a_switch_alike(monkeypatch: pytest.MonkeyPatch, word: str, is_it: bool) -> None:
    monkeypatch.setenv("STEELYARD_CONSOLE_HTTPS", word)

    assert is_on(HTTPS_SWITCH, by_default=True) is is_it


def test_a_log_line_has_no_content_of_the_request() -> None:
    request = RequestFactory().get("/entity/91330106MAQRRPTB9T/?q=secret")
    try:
        raise Http404("91330106MAQRRPTB9T")
    except Http404:
        record = logging.LogRecord("django.request", logging.WARNING, "", 1, "Not Found: %s", (request.path,), sys.exc_info())
    record.request, record.status_code = request, 404

    said = OneLine().format(record)

    assert json.loads(said)["status"] == 404
    assert not re.search("91330106|secret", said)


def test_an_administrator_makes_changes_and_deactivates_accounts_but_not_their_own(site: Site) -> None:
    client = site.client("wu")
    made = client.post("/accounts/new/", {"username": "sun", "role": "inspector", "is_active": "on", "regions": "330106\n410100"})
    sun = site.user("sun")

    assert sun.check_password(made.context["password"])
    assert [(place.level, place.code) for place in sun.jurisdictions.all()] == [("code", "330106"), ("middle", "410100")]
    client.post(f"/accounts/{sun.pk}/", {"username": "sun", "role": "inspector", "regions": "330106"})
    assert not site.user("sun").is_active
    client.post(f"/accounts/{site.user('wu').pk}/", {"username": "wu", "role": "inspector", "regions": ""})
    assert (site.user("wu").role, site.user("wu").is_active) == (Role.ADMIN, True)
    wrong = client.post("/accounts/new/", {"username": "qian", "role": "inspector", "is_active": "on", "regions": "999999"})
    assert wrong.context["form"].errors["regions"]
    assert AuditEvent.objects.filter(kind="account_changed", actor="wu").count() == 1


def test_airflow_and_the_console_work_in_one_environment() -> None:
    """Both are installed, and all their direct and indirect requirements are met."""
    waiting, seen, unmet = ["apache-airflow", "django"], set(), []
    extras = [Requirement(line) for line in distribution("steelyard").requires or [] if 'extra == "console"' in line]
    waiting += [line.name for line in extras]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        for line in map(Requirement, requires(name) or []):
            if line.marker is not None and not line.marker.evaluate({"extra": ""}):
                continue
            if not line.specifier.contains(version(line.name), prereleases=True):
                unmet.append(f"{name} asks for {line}, and {version(line.name)} is there")
            waiting.append(line.name)

    assert unmet == []
    assert version("django").startswith("5.2.")


def test_another_host_name_is_refused(site: Site) -> None:
    with override_settings(ALLOWED_HOSTS=["console.example"]):
        assert site.client().get("/sign-in/", headers={"host": "elsewhere.example"}).status_code == 400


def test_connections_are_not_kept_alive() -> None:
    # A request that arrives just when its connection closes would be lost, and kept connections tie users to one process.
    assert Server({}).cfg.settings["keepalive"].get() == 0


def test_long_lived_objects_are_excluded_from_garbage_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "FREEZE_SECONDS", 3600)
    gc.unfreeze()  # earlier tests in this process may have frozen objects

    try:
        server.freeze_long_lived_objects()
        deadline = time.monotonic() + 30
        while not gc.get_freeze_count() and time.monotonic() < deadline:
            time.sleep(0.01)

        assert gc.get_freeze_count() > len(gc.get_objects())
    finally:
        gc.unfreeze()
