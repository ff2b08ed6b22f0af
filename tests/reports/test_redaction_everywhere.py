"""A backend that repeats every secret it knows, wherever it can: none of them is in anything a run leaves behind."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web

from tests.conformance.driving.miniature import SECRET, STAFF, Miniature, serving

STATES, PROBES = "control-token-of-states-0a1b", "control/token+of probes&c2d3"
PLANTED = (*STAFF.values(), SECRET, STATES, PROBES)
FORMATS = ("json", "junit", "markdown", "sarif")


class Leaky(Miniature):
    """Puts everything it was ever told or has issued into its answers, refusals and events."""

    def __init__(self) -> None:
        super().__init__()
        self.issued: list[str] = []
        self.used: dict[str, None] = {}

    def leak(self, *own: str) -> dict[str, Any]:
        """What the suite cannot have heard of yet, nobody could take for a secret: tokens are repeated once they were used."""
        words = [*PLANTED, *self.tokens, *self.used, *own]
        return {
            "debug": " | ".join(words),
            "trace": [f"Authorization: Token {word}" for word in words],
            "link": "https://portal.example/stay?token="
            + "&token=".join(quote(word, safe="") for word in words),
            "nested": json.dumps({"secrets": words}),
            **dict.fromkeys(words, "as a key"),
        }

    @web.middleware
    async def _log(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path == "/_staycheck/states":
            return await super()._log(request, handler)
        said = f"{request.headers} {request.path_qs}"
        self.used |= dict.fromkeys(token for token in self.issued if token in said)
        response = await super()._log(request, handler)
        assert isinstance(response, web.Response)
        body = json.loads(response.text or "{}")
        own = [body[key] for key in ("token", "guest_token") if isinstance(body.get(key), str)]
        self.issued += own
        if "error" in body:
            body["error"] |= {"message": f"no: {self.leak()['debug']}", "details": self.leak()}
        elif request.path != "/_staycheck/probes":
            body |= self.leak(*own)
        return web.json_response(body, status=response.status, headers={"X-Debug": PLANTED[0]})

    async def _publish(self, channel: str, name: str, payload: Any, scope: Any) -> None:
        await super()._publish(
            channel, name, {**payload, **self.leak()}, {**scope, "note": self.leak()["debug"]}
        )


def target_file(folder: Path, url: str, port: int) -> Path:
    staff = "".join(f'[staff.{name}]\nusername = "{name}"\npassword_env = "P_{name}"\n' for name in STAFF)
    path = folder / "backend.toml"
    path.write_text(
        f'base_url = "{url}"\n{staff}[realtime.sink]\nport = {port}\nsecret_env = "SINK"\n'
        '[states]\nurl = "/_staycheck/states"\ntoken_env = "STATES"\n'
        '[probes]\nurl = "/_staycheck/probes"\ntoken_env = "PROBES"\n'
        "[timeouts]\nrequest = 5\nevent = 0.5\ngrace = 0.02\nhold = 0.2\nrecovery = 1\noutage = 0.5\n",
        encoding="utf-8",
    )
    return path


async def run(*arguments: str | Path, environ: dict[str, str]) -> tuple[int | None, bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "staycheck.main", *map(str, arguments),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **environ},
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out, err


def reports(folder: Path) -> list[str]:
    return [f"--report={name}={folder / f'report.{name}'}" for name in FORMATS]


def leaks(folder: Path, secrets: list[str], *printed: bytes) -> dict[str, list[str]]:
    """artefact -> the secrets in it, in any of their spellings."""
    texts = {str(path.name): path.read_bytes() for path in folder.iterdir() if path.name != "backend.toml"}
    texts |= {f"printed {number}": text for number, text in enumerate(printed)}
    found: dict[str, list[str]] = {}
    for name, raw in texts.items():
        text = raw.decode()
        plain = text.replace("\n", "").replace(" ", "")
        for secret in secrets:
            spellings = {secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1]}
            if any(one in text or one.replace(" ", "") in plain for one in spellings):
                found.setdefault(name, []).append(secret)
    return found


@pytest.mark.timeout(120)
async def test_no_artefact_of_a_run_has_a_secret(tmp_path: Path) -> None:
    leaky = Leaky()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with serving(leaky) as url:
        leaky.sink = f"http://127.0.0.1:{port}"
        target = target_file(tmp_path, url, port)
        environ = {f"P_{name}": password for name, password in STAFF.items()}
        environ |= {"SINK": SECRET, "STATES": STATES, "PROBES": PROBES, "COLUMNS": "80"}
        baseline = tmp_path / "known.toml"
        code, out, err = await run(
            "check", target, "--only", "check-in", "--level", "MAY",
            "--race-tries", "0", "--record", tmp_path / "history.jsonl", "--verbose",
            "--baseline", baseline, "--baseline-update", *reports(tmp_path), environ=environ,
        )  # fmt: skip
    assert code == 2, err  # what is left when all failures are known: much that a miniature cannot show
    assert "[[known]]" in baseline.read_text(encoding="utf-8")
    secrets = [*PLANTED, *leaky.tokens, *leaky.issued]
    assert {"staff-token-of-manager", "staff-token-of-front_desk"} <= set(leaky.used)
    assert len(leaky.issued) > 2
    assert b"fp:" in (tmp_path / "history.jsonl").read_bytes()
    assert leaks(tmp_path, secrets, out, err) == {}


async def test_no_report_on_a_log_from_elsewhere_has_a_token(tmp_path: Path) -> None:
    """Such a log is not redacted, and nothing in it says which of its words are secret: what is named so is."""
    token = "raw-guest-token-0123456789abcdef"
    payload = {"guest_token": token, "link": f"https://portal.example/?token={token}", "booking_id": "BK-1"}
    data = {
        "event_type": "booking_checked_in",
        "type": "x",
        "category": 7,
        "payload": payload,
        "meta": {"event_id": "e-1"},
    }
    folder = tmp_path / "made"
    folder.mkdir()
    log = tmp_path / "events.jsonl"
    lines = [
        {"channel": channel, "name": "booking_checked_in", "data": data}
        for channel in ("staff-hotel-1", "private-guest-booking.BK-1")
    ]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    code, out, err = await run(
        "judge",
        log,
        "--level",
        "MAY",
        "--baseline",
        folder / "known.toml",
        "--baseline-update",
        *reports(folder),
        environ={},
    )
    assert code in (0, 2), err
    assert "[[known]]" in (folder / "known.toml").read_text(encoding="utf-8")
    assert leaks(folder, [token], out, err) == {}
