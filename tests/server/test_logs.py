"""Law 6: raw tokens, passwords, secrets and authorization headers never reach a log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from reference_server.logs import configure_logs

SECRET = "staycheck-secret-of-a-test"


@pytest.fixture(autouse=True)
def default_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_secrets_are_cleaned_out_of_fields_texts_and_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(quiet=False, secrets=(SECRET,))
    log = structlog.get_logger("test")
    log.info("calling", authorization="Token abcdef123456", url=f"pusher://key:{SECRET}@host/apps/1")
    log.info(
        "login", body={"username": "manager", "password": "hunter2"}, nested=[{"guest_token": "raw-raw-raw"}]
    )
    try:
        raise RuntimeError(f"the host quoted {SECRET}")
    except RuntimeError:
        log.exception("failed")
    written = capsys.readouterr().err
    assert written.count("\n") == 3
    for leaked in (SECRET, "abcdef123456", "hunter2", "raw-raw-raw"):
        assert leaked not in written
    assert "manager" in written


def test_quiet_keeps_warnings_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(quiet=True)
    log = structlog.get_logger("test")
    log.info("nothing to see")
    log.warning("something to see")
    written = capsys.readouterr().err
    assert "something to see" in written
    assert "nothing to see" not in written
