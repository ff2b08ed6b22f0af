"""The Pusher apps `serve` is given: `--app ID:KEY:SECRET`, or a file with their flags and webhooks."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance_tests.target_problems import line_of
from contract.pusher.app import PusherApp
from contract.pusher.apps_file import AppsError, check_apps, parse_app, read_apps
from contract.pusher.settings import ServedApp
from reference_server.app import DEFAULT_APP
from staycheck.usage import wrong_usage


def chosen_apps(short: Sequence[str], file: Path | None, environ: Mapping[str, str]) -> tuple[ServedApp, ...]:
    """The apps to serve, those of the file first; the demo's app when none is given. Leaves with 64 when they cannot be."""
    apps = _read(file, environ) if file is not None else ()
    try:
        apps += tuple(parse_app(text) for text in short)
        check_apps(apps)
    except AppsError as error:
        wrong_usage(f"--app: {error}.")
    if apps:
        return apps
    secret = environ.get("STAYCHECK_PUSHER_SECRET", DEFAULT_APP.secret)
    return (ServedApp(PusherApp(DEFAULT_APP.id, DEFAULT_APP.key, secret)),)


def _read(path: Path, environ: Mapping[str, str]) -> tuple[ServedApp, ...]:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        wrong_usage(f"--apps: the file {path} cannot be read: {error.strerror}.")
    except ValueError:
        wrong_usage(f"--apps: the file {path} cannot be read: it is not text in UTF-8.")
    try:
        return read_apps(_parsed(text, path), environ)
    except AppsError as error:
        line = line_of(text, error.place[:-1], error.place[-1]) if error.place else None
        where = path if line is None else f"{path}, line {line}"
        wrong_usage(f"--apps: {where}: {error}.")


def _parsed(text: str, path: Path) -> Any:
    try:
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except json.JSONDecodeError as error:
        raise AppsError(f"line {error.lineno} is not JSON ({error.msg})") from None
    except tomllib.TOMLDecodeError as error:
        raise AppsError(f"this is not TOML: {error}") from None
    except RecursionError:
        raise AppsError("it is nested deeper than any such file") from None
