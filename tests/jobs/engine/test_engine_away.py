"""An engine that is not there is no mistake in the configuration, and its token is nobody's business."""

from __future__ import annotations

import pytest

from jobs.engine import session
from jobs.foundation.errors import ConfigError, EngineUnavailable

URL = "sc://127.0.0.1:9/;token=s3cret"


class Unanswered:
    """A session whose server is found missing at the first question."""

    @property
    def conf(self) -> None:
        raise ConnectionError("connection refused")


def test_an_engine_that_does_not_answer_has_its_own_error_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_open", lambda _wanted: Unanswered())
    with pytest.raises(EngineUnavailable, match="connection refused") as caught:
        session.open_session(URL)
    assert "sc://127.0.0.1:9" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_an_engine_that_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(ConfigError) as caught:
        session.open_session("flink")
    assert caught.value.exit_code == 2


def test_submitted_without_a_submission_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYSPARK_GATEWAY_PORT", raising=False)
    with pytest.raises(ConfigError, match="no spark-submit started this process"):
        session.open_session("submitted")
