"""The server over TLS: clients that trust its throwaway authority are served, others are not, and nothing is left behind."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509

from reference_server.tls import TlsError, throwaway
from tests.pusher.support import RunNode
from tests.server.test_process import SERVE, one_sentence, run


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[str, Path]]:
    """Its URL, and the file of its authority."""
    with subprocess.Popen(
        [*SERVE, "--tls", "--port", "0", "--announce", *arguments], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            told = json.loads(server.stdout.readline())
            yield told["url"], Path(told["authority"])
        finally:
            server.terminate()


def target(url: str, authority: Path | None) -> dict[str, object]:
    context = ssl.create_default_context(cafile=str(authority) if authority else None)
    with urllib.request.urlopen(f"{url}/_staycheck/target.json", context=context, timeout=10) as reply:
        return json.load(reply)


@pytest.mark.node
async def test_pusher_js_connects_over_tls_when_it_trusts_the_authority(
    run_node: RunNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as (url, authority):
        monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(authority))
        port = url.rsplit(":", 1)[1]
        config = {
            "host": "localhost",
            "port": port,
            "key": "staycheck",
            "tls": True,
            "channels": ["grand-demo.rooms"],
        }
        js = await run_node("subscribe.mjs", config)
        assert (await js.next("subscribed"))["channel"] == "grand-demo.rooms"


def test_it_speaks_tls_only_and_describes_itself_so() -> None:
    with serving() as (url, authority):
        assert url.startswith("https://")
        document = target(url, authority)
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            target(url, None)
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            urllib.request.urlopen(url.replace("https", "http"), timeout=10)
    assert document["base_url"] == url
    assert document["realtime"]["subscribe"]["url"] == url.replace("https", "wss")


def test_the_file_holds_no_key_and_is_gone_with_the_server(tmp_path: Path) -> None:
    with serving() as (_, authority):
        text = authority.read_text()
    assert text.count("BEGIN CERTIFICATE") == 1
    assert "KEY" not in text
    assert not authority.exists()
    kept = tmp_path / "ca.pem"
    with serving("--tls-ca", str(kept)) as (_, authority):
        assert authority == kept
    assert "BEGIN CERTIFICATE" in kept.read_text()


def test_a_server_that_cannot_listen_leaves_the_others_certificate_alone(tmp_path: Path) -> None:
    kept = tmp_path / "ca.pem"
    with serving("--tls-ca", str(kept)) as (url, _):
        before = kept.read_bytes()
        refused = run("--tls", "--tls-ca", str(kept), "--port", url.rsplit(":", 1)[1])
        assert refused.returncode == 2
        assert kept.read_bytes() == before


def test_the_certificate_is_for_this_machine_and_the_names_asked_for(tmp_path: Path) -> None:
    made = throwaway(["0.0.0.0", "ws-eu.pusher.com", "localhost"])
    assert made.names == ("localhost", "127.0.0.1", "::1", "ws-eu.pusher.com")
    assert len(x509.load_pem_x509_certificates(made.authority)) == 1
    assert made.authority not in repr(made).encode()
    with pytest.raises(TlsError, match="not a name"):
        throwaway(["not a name"])


def test_a_check_over_tls_needs_the_authority_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (url, _):
        refused = subprocess.run(
            [sys.executable, "-m", "staycheck.main", "check", url],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert refused.returncode == 2
    assert "certificate is not trusted" in one_sentence(refused)
    assert "SSL_CERT_FILE" in refused.stderr


@pytest.mark.slow
def test_a_check_over_tls_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (url, authority):
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        checked = subprocess.run(
            [sys.executable, "-m", "staycheck.main", "check", url, "--race-tries", "0", "--only", "check-in/"],
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_tls_needs_is_asked_for_in_one_sentence(tmp_path: Path) -> None:
    useless = run("--port", "0", "--tls-name", "hotel.example")
    assert useless.returncode == 64
    assert "--tls" in one_sentence(useless)
    nowhere = run("--port", "0", "--tls", "--tls-ca", str(tmp_path / "missing" / "ca.pem"))
    assert nowhere.returncode == 2
    assert "--tls-ca" in one_sentence(nowhere)
