"""Sign-in through a provider of OpenID Connect: a made-up provider on the loopback, honest and dishonest."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from console.apps.accounts.models import User
from console.apps.accounts.provider_settings import provider_settings
from console.apps.audit.models import AuditEvent
from tests.console.conftest import PASSWORD, Site
from tests.console.test_second_factor import set_up

KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


@dataclass
class Provider:
    """The provider's answers and the requests that it got."""

    address: str = ""
    who: str = "wang"
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    key: Any = KEY
    is_down: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def authorize(self, asked: dict[str, str]) -> str:
        """The address that the provider redirects to after consent."""
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code; none if the secret or the PKCE verifier is wrong."""
        self.asked.append(form)
        asked = self.codes.pop(form["code"], None)
        proof = urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if asked is None or form["client_secret"] != "shared" or proof != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {"iss": self.address, "sub": self.who, "aud": "console", "exp": now + 60, "iat": now, "nonce": asked["nonce"]}
        claims = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        return {"id_token": jwt.encode(claims, self.key, "RS256", headers={"kid": "one"}), "access_token": "access"}


def handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self, says: Any, status: int = 200) -> None:
            body = json.dumps(says).encode()
            self.send_response(503 if provider.is_down else status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            if self.path == "/jwks":
                jwk = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
                self.answer({"keys": [{**jwk, "kid": "one", "alg": "RS256"}]})
            else:
                assert self.headers["Authorization"] == "Bearer access"
                self.answer({"sub": provider.who, "preferred_username": provider.who, **provider.userinfo})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            says = provider.token({name: values[0] for name, values in parse_qs(body).items()})
            self.answer(says or {"error": "invalid_grant"}, 200 if says else 400)

        def log_message(self, *_: Any) -> None:
            """Do not log requests."""

    return Handler


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    made = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    made.address = f"http://127.0.0.1:{server.server_port}"
    described = tmp_path / "provider.toml"
    described.write_text(description(made.address), encoding="utf-8")
    backends = [*settings.AUTHENTICATION_BACKENDS, "console.apps.accounts.backends.Provider"]
    with override_settings(AUTHENTICATION_BACKENDS=backends, **provider_settings(str(described))):
        yield made
    server.shutdown()
    server.server_close()


def description(address: str, **more: str) -> str:
    said = {
        "issuer": address, "client_id": "console", "client_secret": "shared", "authorization_endpoint": f"{address}/authorize",
        "token_endpoint": f"{address}/token", "userinfo_endpoint": f"{address}/userinfo", "jwks_uri": f"{address}/jwks", **more,
    }  # fmt: skip
    return "".join(f'{name} = "{value}"\n' for name, value in said.items())


def come_back(site: Site, provider: Provider, there: str = "/sign-in/provider/") -> tuple[Any, Any]:
    """Sign in through the provider; return the browser and the last response."""
    client = site.client()
    asked = urlsplit(client.get(there).url)
    back = provider.authorize({name: values[0] for name, values in parse_qs(asked.query).items()})
    parts = urlsplit(back)
    return client, client.get(f"{parts.path}?{parts.query}")


def is_in(client: Any) -> bool:
    return bool(client.get("/list/").status_code == 200)


def test_a_person_with_an_account_signs_in_through_the_provider(site: Site, provider: Provider) -> None:
    client, answer = come_back(site, provider, "/sign-in/provider/?next=/status/")

    assert answer.url == "/status/"
    assert is_in(client)
    assert client.get("/").context["user"].username == "wang"
    assert AuditEvent.objects.filter(kind="signed_in", actor="wang").count() == 1
    assert provider.asked[0]["redirect_uri"] == "http://testserver/sign-in/provider/back/"


@pytest.mark.parametrize("who", ["stranger", "", "WANG"])
def test_a_person_without_an_account_is_refused_and_gets_none(site: Site, provider: Provider, who: str) -> None:
    provider.who, before = who, User.objects.count()
    client, answer = come_back(site, provider)

    assert answer.url == "/sign-in/?refused=provider"
    assert not is_in(client)
    assert User.objects.count() == before


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://elsewhere.example"},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"azp": "another"},
        {"nonce": "of another request"},
        {"exp": 1},
        {"exp": None},
        {"sub": "somebody else"},
        {"sub": None},
    ],
)
def test_a_token_for_another_client_or_time_is_refused(site: Site, provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims = claims
    client, answer = come_back(site, provider)

    assert answer.url == "/sign-in/?refused=provider"
    assert not is_in(client)


def test_a_token_with_another_signature_is_refused(site: Site, provider: Provider) -> None:
    provider.key = OTHER_KEY
    client, _ = come_back(site, provider)

    assert not is_in(client)


def test_claims_about_another_person_are_refused(site: Site, provider: Provider) -> None:
    provider.userinfo = {"sub": "zhang", "preferred_username": "zhang"}
    client, _ = come_back(site, provider)

    assert not is_in(client)


def test_an_answer_without_a_request_of_this_browser_is_refused(site: Site, provider: Provider) -> None:
    asked = urlsplit(site.client().get("/sign-in/provider/").url)
    back = urlsplit(provider.authorize({name: values[0] for name, values in parse_qs(asked.query).items()}))
    other = site.client()

    assert other.get(f"{back.path}?{back.query}").url == "/sign-in/?refused=provider"
    other.get("/sign-in/provider/")
    assert other.get(f"{back.path}?{back.query}").status_code == 400
    assert not is_in(other)


def test_an_answer_can_be_used_once(site: Site, provider: Provider) -> None:
    client = site.client()
    asked = urlsplit(client.get("/sign-in/provider/").url)
    back = urlsplit(provider.authorize({name: values[0] for name, values in parse_qs(asked.query).items()}))
    client.get(f"{back.path}?{back.query}")
    client.post("/sign-out/")

    assert client.get(f"{back.path}?{back.query}").status_code in (302, 400)
    assert not is_in(client)


def test_a_provider_that_does_not_answer_causes_no_server_error(site: Site, provider: Provider) -> None:
    provider.is_down = True
    client, answer = come_back(site, provider)

    assert answer.url == "/sign-in/?refused=provider"
    assert "organisation" in client.get(answer.url).content.decode()


def test_a_deactivated_account_cannot_sign_in_and_its_session_ends(site: Site, provider: Provider) -> None:
    client, _ = come_back(site, provider)
    assert is_in(client)
    User.objects.filter(username="wang").update(is_active=False)

    assert not is_in(client)
    assert not is_in(come_back(site, provider)[0])


def test_a_sign_in_through_the_provider_needs_no_further_factor_or_password(site: Site, provider: Provider) -> None:
    set_up(site, "wang")
    User.objects.filter(username="wang").update(must_change_password=True)

    assert is_in(come_back(site, provider)[0])
    by_password = site.client()
    by_password.post("/sign-in/", {"username": "wang", "password": PASSWORD})
    assert by_password.get("/list/").url == "/second-factor/"


def test_tokens_made_after_a_provider_sign_in_work_until_a_password_is_set(site: Site, provider: Provider) -> None:
    User.objects.filter(username="wang").update(must_change_password=True)
    client, _ = come_back(site, provider)
    text = client.post("/tokens/", {"name": "nightly", "scopes": ["list"], "expires_on": "2026-07-31"}).context["text"]
    header = {"authorization": f"Bearer {text}"}

    assert site.client().get("/api/list", headers=header).status_code == 200
    form = {"username": "wang", "role": "inspector", "is_active": "on", "regions": "330100", "new_password": "on"}
    site.client("wu").post(f"/accounts/{site.user('wang').pk}/", form)
    assert site.client().get("/api/list", headers=header).status_code == 401


@pytest.mark.parametrize("must_change", [True, False])
def test_a_provider_sign_in_cannot_set_a_password_to_bypass_the_provider(site: Site, provider: Provider, must_change: bool) -> None:
    User.objects.filter(username="wang").update(must_change_password=must_change)
    client, _ = come_back(site, provider)
    new = "quite another one 7"

    assert client.get("/password/").status_code == 404
    assert client.post("/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}).status_code == 404
    assert site.user("wang").check_password(PASSWORD)
    assert "/password/" not in client.get("/help/").content.decode()
    assert "/password/" in site.client("li").get("/help/").content.decode()


def test_sign_in_does_not_redirect_to_another_site(site: Site, provider: Provider) -> None:
    assert come_back(site, provider, "/sign-in/provider/?next=https://elsewhere.example/")[1].url == "/"


def test_without_a_provider_its_pages_do_not_exist(site: Site) -> None:
    for there in ("/sign-in/provider/", "/sign-in/provider/back/?code=x&state=y"):
        assert site.client().get(there).status_code == 404
    assert "/sign-in/provider/" not in site.client().get("/sign-in/").content.decode()


def test_no_password_works_if_the_provider_is_the_only_way(site: Site, provider: Provider) -> None:
    with override_settings(OIDC_PROVIDER={**settings.OIDC_PROVIDER, "is_only_way": True}):
        assert site.client().post("/sign-in/", {"username": "wang", "password": PASSWORD}).status_code == 404
        assert "password" not in site.client().get("/sign-in/").content.decode()
        assert is_in(come_back(site, provider)[0])


def test_an_unusable_description_reports_the_reason(tmp_path: Path) -> None:
    assert provider_settings("") == {"OIDC_PROVIDER": None}
    path = tmp_path / "p.toml"
    for text, why in (
        ("issuer = ", "cannot be read"),
        ('issuer = "x"', "client_id is missing"),
        (description("x", colour="red"), "colour is no setting"),
        (description("x", algorithm="none"), "algorithm"),
        (description("x", algorithm="HS256"), "algorithm"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ImproperlyConfigured, match=why):
            provider_settings(str(path))
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        provider_settings(str(tmp_path / "gone.toml"))
