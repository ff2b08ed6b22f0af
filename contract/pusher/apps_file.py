"""The file form of the apps a server serves (`files/pusher_apps.schema.json`), and the short form of one app."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from contract.pusher.app import PusherApp
from contract.pusher.settings import AppSettings, AuthFailure, ServedApp, Webhook
from contract.pusher.webhooks import WEBHOOK_EVENTS
from contract.schema_store import Problem, schema_store

SCHEMA = "files/pusher_apps.schema.json"
_SHORT_FORM = re.compile(r"([0-9]{1,20}):([-A-Za-z0-9_]{1,100}):(.{1,200})", re.ASCII)
_SETTINGS = frozenset(field.name for field in fields(AppSettings)) - {"auth_failure"}


class AppsError(ValueError):
    """The apps cannot be served. The message says which and why, and shows no secret; `place` is where in the document."""

    def __init__(self, message: str, place: tuple[str, ...] = ()) -> None:
        self.place = place
        super().__init__(message)


def parse_app(text: str) -> ServedApp:
    """`ID:KEY:SECRET` with the settings of an app that says nothing else; raises AppsError."""
    found = _SHORT_FORM.fullmatch(text)
    if found is None:
        raise AppsError(
            "an app has the form ID:KEY:SECRET, with a number as id and letters, digits, - and _ in the key"
        )
    return ServedApp(PusherApp(*found.groups()))


def read_apps(document: Any, environ: Mapping[str, str]) -> tuple[ServedApp, ...]:
    """The apps of a document, in its order; `environ` is where `secret_env` is looked up.

    Raises AppsError: the document does not keep its schema, a variable is not set, two apps share an id or a key.
    """
    problems = schema_store().problems(SCHEMA, document)
    if problems:
        # A mistyped key explains the missing one, so it is told first.
        problem = next((one for one in problems if one.keyword == "additionalProperties"), problems[0])
        place = tuple(problem.pointer.split("/")[1:])
        raise AppsError(_told(problem, place), place)
    apps = tuple(_served(entry, environ) for entry in document["apps"])
    check_apps(apps)
    return apps


def check_apps(apps: tuple[ServedApp, ...]) -> None:
    """Raises AppsError when two apps share an id or a key, by which they are told apart."""
    for what, names in (("id", [one.app.id for one in apps]), ("key", [one.app.key for one in apps])):
        twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
        if twice is not None:
            raise AppsError(f"two apps share the {what} {twice}; give each its own")


def _served(entry: Mapping[str, Any], environ: Mapping[str, str]) -> ServedApp:
    settings = {name: value for name, value in entry.items() if name in _SETTINGS}
    if "auth_failure" in entry:
        settings["auth_failure"] = AuthFailure(entry["auth_failure"])
    return ServedApp(
        PusherApp(entry["id"], entry["key"], _secret(entry, environ)),
        AppSettings(**settings),
        tuple(
            Webhook(hook["url"], frozenset(hook.get("events", WEBHOOK_EVENTS)))
            for hook in entry.get("webhooks", ())
        ),
    )


def _secret(entry: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    if "secret" in entry:
        return str(entry["secret"])
    name = entry["secret_env"]
    if not environ.get(name):
        raise AppsError(
            f"app {entry['id']} has its secret in the environment variable {name}, which is not set"
        )
    return environ[name]


def _told(problem: Problem, place: tuple[str, ...]) -> str:
    # A problem quotes what it found, and that may be a secret.
    shown = ".".join(place) or "the document"
    if place[-1:] == ("secret",):
        return f"{shown} must be a text of 1 to 200 characters"
    if place[-1:] == ("url",):
        return f"{shown} must begin with http:// or https:// and hold no credentials and no blanks"
    if problem.keyword == "oneOf":
        return f"{shown} needs either secret or secret_env, not both"
    return problem.message.replace("/".join(place), shown, 1) if place else problem.message
