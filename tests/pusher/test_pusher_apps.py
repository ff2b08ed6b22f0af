"""Several apps on one endpoint: kept apart, each with its flags and limits; and the file and the option they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pusher.errors import PusherBadAuth, PusherForbidden
from typer.testing import CliRunner

from contract.pusher import client
from contract.pusher.app import PusherApp
from contract.pusher.apps_file import AppsError, parse_app, read_apps
from contract.pusher.settings import AppSettings, AuthFailure, ServedApp, Webhook
from contract.pusher.webhooks import WEBHOOK_EVENTS
from reference_server.app import DEFAULT_APP
from staycheck.apps_option import chosen_apps
from staycheck.commands import app as command_line
from tests.pusher.support import APP, ConnectClient, StartEndpoint, library, until

OTHER = PusherApp("2002", "other-key", "other-secret")
OTHERS = {"app_id": OTHER.id, "key": OTHER.key, "secret": OTHER.secret}


async def test_apps_do_not_hear_each_other(start_endpoint: StartEndpoint, connect: ConnectClient) -> None:
    endpoint = await start_endpoint(None, ServedApp(OTHER))
    mine = await (await connect(endpoint)).established()
    theirs = await (await connect(endpoint, client.connect_path(OTHER.key))).established()
    for one in (mine, theirs):
        await one.subscribe("a")
    await library(endpoint, lambda p: p.trigger("a", "n", "mine", mine.socket_id))
    await library(endpoint, lambda p: p.trigger("a", "n", "theirs"), **OTHERS)
    assert await theirs.next() == client.Event("a", "n", "theirs")
    assert await library(endpoint, lambda p: p.channel_info("a", ["subscription_count"]), **OTHERS) == {
        "occupied": True,
        "subscription_count": 1,
    }
    await mine.fence(endpoint.hub)
    assert {app.id: shown.socket_id for app, shown in endpoint.hosted.clients()} == {
        APP.id: mine.socket_id,
        OTHER.id: theirs.socket_id,
    }


async def test_a_signature_of_one_app_is_none_of_the_other(
    start_endpoint: StartEndpoint, connect: ConnectClient
) -> None:
    endpoint = await start_endpoint(None, ServedApp(OTHER))
    theirs = await (await connect(endpoint, client.connect_path(OTHER.key))).established()
    refused = await theirs.subscribe("private-a")  # signed by APP
    assert isinstance(refused, client.ErrorFrame)
    assert refused.code == 4009
    with pytest.raises(PusherBadAuth):
        await library(endpoint, lambda p: p.trigger("a", "n", "{}"), **OTHERS | {"secret": APP.secret})


async def test_a_user_is_terminated_in_the_app_of_the_key_alone(
    start_endpoint: StartEndpoint, connect: ConnectClient
) -> None:
    endpoint = await start_endpoint(None, ServedApp(OTHER))
    mine = await (await connect(endpoint)).established()
    await mine.sign_in("12345")
    assert await library(endpoint, lambda p: p.terminate_user_connections("12345"), **OTHERS) == {}
    await mine.fence(endpoint.hub)
    assert await library(endpoint, lambda p: p.terminate_user_connections("12345")) == {}
    assert await mine.closed() == 4009
    await until(lambda: endpoint.hub.clients() == ())


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (AppSettings(enabled=False), 4003),
        (AppSettings(tls_only=True), 4000),
        (AppSettings(max_connections=0), 4004),
    ],
)
async def test_a_connection_the_app_does_not_take_is_closed_with_its_code(
    start_endpoint: StartEndpoint, connect: ConnectClient, settings: AppSettings, code: int
) -> None:
    endpoint = await start_endpoint(settings)
    assert await (await connect(endpoint)).closed() == code


async def test_the_quota_of_an_app_is_4004_and_the_capacity_of_the_server_4100(
    start_endpoint: StartEndpoint, connect: ConnectClient
) -> None:
    endpoint = await start_endpoint(AppSettings(max_connections=1), ServedApp(OTHER), capacity=2)
    first = await (await connect(endpoint)).established()
    assert await (await connect(endpoint)).closed() == 4004
    second = await (await connect(endpoint, client.connect_path(OTHER.key))).established()
    assert await (await connect(endpoint, client.connect_path(OTHER.key))).closed() == 4100
    assert len(endpoint.hosted.clients()) == 2
    assert not second.ws.closed
    await first.ws.close()
    await until(lambda: len(endpoint.hub) == 0)
    await (await connect(endpoint)).established()


async def test_a_disabled_app_is_403(start_endpoint: StartEndpoint) -> None:
    endpoint = await start_endpoint(AppSettings(enabled=False))
    with pytest.raises(PusherForbidden, match="disabled"):
        await library(endpoint, lambda p: p.trigger("a", "n", "{}"))


# Where they come from


ENTRY: dict[str, Any] = {"id": "7", "key": "k", "secret": "hush-hush"}


def test_a_file_says_flags_limits_and_webhooks() -> None:
    entry = ENTRY | {
        "client_events": False,
        "auth_failure": "close",
        "max_connections": 3,
        "webhooks": [{"url": "https://hooks.example/p"}, {"url": "http://h", "events": ["cache_miss"]}],
    }
    (served,) = read_apps({"apps": [entry]}, {})
    assert served == ServedApp(
        PusherApp("7", "k", "hush-hush"),
        AppSettings(client_events=False, auth_failure=AuthFailure.CLOSE, max_connections=3),
        (Webhook("https://hooks.example/p", WEBHOOK_EVENTS), Webhook("http://h", frozenset({"cache_miss"}))),
    )


def test_a_secret_may_be_in_the_environment() -> None:
    entry = {"id": "7", "key": "k", "secret_env": "S"}
    assert read_apps({"apps": [entry]}, {"S": "x"})[0].app == PusherApp("7", "k", "x")
    with pytest.raises(AppsError, match="variable S, which is not set"):
        read_apps({"apps": [entry]}, {})


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ([], "empty"),
        ([ENTRY | {"client_event": True}], "did you mean client_events"),
        ([ENTRY | {"secret": ["hush-hush"]}], "secret must be a text"),
        ([ENTRY | {"secret_env": "S"}], "either secret or secret_env"),
        ([{"id": "7", "key": "k"}], "either secret or secret_env"),
        ([ENTRY | {"webhooks": [{"url": "https://u:hush-hush@h/"}]}], "no credentials"),
        ([ENTRY, ENTRY | {"key": "l"}], "share the id 7"),
        ([ENTRY, ENTRY | {"id": "8"}], "share the key k"),
    ],
)
def test_apps_that_cannot_be_are_told_in_words_without_secrets(
    entries: list[dict[str, Any]], word: str
) -> None:
    with pytest.raises(AppsError, match=word) as caught:
        read_apps({"apps": entries}, {})
    assert "hush" not in str(caught.value)


def test_the_short_form_keeps_colons_in_the_secret() -> None:
    assert parse_app("7:k:a:b").app == PusherApp("7", "k", "a:b")
    for wrong in ("", "7", "7:k", "7:k:", "x:k:s", "7::s", "7:k k:s"):
        with pytest.raises(AppsError, match="ID:KEY:SECRET"):
            parse_app(wrong)


def test_without_any_the_demos_app_is_served_with_the_secret_of_the_environment() -> None:
    assert [one.app for one in chosen_apps([], None, {})] == [DEFAULT_APP]
    (served,) = chosen_apps([], None, {"STAYCHECK_PUSHER_SECRET": "x"})
    assert served.app == PusherApp(DEFAULT_APP.id, DEFAULT_APP.key, "x")


def test_those_of_the_file_come_first(tmp_path: Path) -> None:
    for name, text in (
        ("apps.json", json.dumps({"apps": [ENTRY]})),
        ("apps.toml", '[[apps]]\nid = "7"\nkey = "k"\nsecret = "hush-hush"\n'),
    ):
        file = tmp_path / name
        file.write_text(text)
        served = chosen_apps(["8:l:s"], file, {})
        assert [one.app.id for one in served] == ["7", "8"]


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("missing.toml", None, "cannot be read"),
        ("apps.toml", "[[apps]", "not TOML"),
        ("apps.json", "{", "line 1 is not JSON"),
        ("apps.toml", '[[apps]]\nid = "7"\nkey = "k"\nsecret = "hush-hush"\nflag = 1\n', "line 5"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence_and_64(
    tmp_path: Path, name: str, text: str | None, word: str
) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text)
    result = CliRunner().invoke(command_line, ["serve", "--apps", str(file)])
    assert result.exit_code == 64
    said = " ".join(result.output.split())
    assert said.startswith("--apps: ")
    assert word in said
    assert "hush" not in said
    assert "Traceback" not in said


def test_two_apps_of_one_id_are_one_sentence_and_64() -> None:
    result = CliRunner().invoke(command_line, ["serve", "--app", "7:k:hush", "--app", "7:l:hush"])
    assert result.exit_code == 64
    assert "share the id 7" in result.output
    assert "hush" not in result.output
