"""`staycheck serve`: the mock server, and what it says when it is ready."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console

from conformance_tests.target import TargetError, load_dialect
from contract.pusher.app import PusherAddress, parse_realtime_url
from contract.pusher.settings import ServedApp
from reference_server.app import DEFAULT_APP, Settings
from reference_server.chaos.plan import Plan
from reference_server.control.guard import is_loopback
from reference_server.logs import configure_logs
from reference_server.mutants import UnknownMutant, install
from reference_server.process import ListenError, run
from reference_server.seed import DEFAULT_SCENARIO
from reference_server.speech import speakable
from reference_server.store import StoreError
from reference_server.store.location import LocationError, check_location, secrets_of
from reference_server.tls import Throwaway, TlsError, throwaway
from simulator.clock_setting import ClockSetting, ClockSettingError, parse_clock
from simulator.scenario import Scenario, ScenarioError
from simulator.scenario_files import ScenarioFileError, find_scenario
from staycheck.apps_option import chosen_apps
from staycheck.chaos_files import ChaosFileError, read_chaos
from staycheck.usage import could_not_judge, wrong_usage
from staycheck.welcome import welcome

DEFAULT_PORT = 8787
_EMBEDDED = "embedded"


def serve(
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = DEFAULT_PORT,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    db: Annotated[
        str,
        typer.Option(
            help="`memory`, a SQLite file, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE[?schema=NAME]."
        ),
    ] = "memory",
    realtime: Annotated[
        list[str] | None,
        typer.Option(
            help="Where events go, repeatable: `embedded` (the default) or pusher://KEY:SECRET@HOST:PORT/apps/ID. "
            "The environment variable STAYCHECK_REALTIME, space-separated, is read too.",
        ),
    ] = None,
    app: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID:KEY:SECRET",
            help="A Pusher app to serve, repeatable; the first one gets the hotel's own events. Without any, the demo's app.",
        ),
    ] = None,
    apps: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Pusher apps with their flags, limits and webhooks, in TOML or JSON (files/pusher_apps.schema.json).",
        ),
    ] = None,
    check_replies: Annotated[
        bool,
        typer.Option("--check-replies", help="Validate every reply against its schema before it goes out."),
    ] = False,
    slow_commit: Annotated[
        int,
        typer.Option(
            help="Milliseconds that a transaction stays open after its work is done.", min=0, max=10_000
        ),
    ] = 0,
    chaos: Annotated[
        str | None,
        typer.Option(
            help="What goes wrong on purpose: a preset (`flaky-realtime` ...) or a YAML, TOML or JSON file; see docs/chaos.md."
        ),
    ] = None,
    chaos_seed: Annotated[
        int | None, typer.Option(help="What the random choices of --chaos follow from.", min=0)
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            help="What the hotel begins with: `demo`, `quiet-morning`, `checkout-rush`, `overbooked` and others, or a YAML file of your own.",
            metavar="NAME|FILE",
        ),
    ] = None,
    clock: Annotated[
        str | None,
        typer.Option(
            help="The hotel's time: an ISO time, `frozen`, `frozen@TIME`, an offset (`+2h30m`, `-1d`), a rate (`x60`), also behind one of them.",
            metavar="SPEC",
        ),
    ] = None,
    dialect: Annotated[
        Path | None,
        typer.Option(
            help="Speak another backend's words: a TOML or JSON file, the same that `check` reads a backend through.",
            metavar="FILE",
        ),
    ] = None,
    mutant: Annotated[
        str | None,
        typer.Option(
            help="Break one promise on purpose; `staycheck mutants --list` names them.", hidden=True
        ),
    ] = None,
    announce: Annotated[
        bool, typer.Option("--announce", help="Print one JSON line when ready, nothing else.")
    ] = False,
    stop_with_stdin: Annotated[
        bool,
        typer.Option(
            "--stop-with-stdin",
            help="Stop when stdin, a pipe, is closed: whoever started the server and dies takes it along.",
        ),
    ] = False,
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak TLS only, with a certificate made for this start.")
    ] = False,
    tls_name: Annotated[
        list[str] | None,
        typer.Option(help="A host name the certificate is for too, such as ws-eu.pusher.com; repeatable."),
    ] = None,
    tls_ca: Annotated[
        Path | None,
        typer.Option(
            help="Where to leave the certificate of the authority that clients must trust; otherwise in a temporary file."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log warnings and errors only.")] = False,
) -> None:
    """Start the mock server: a demo hotel with real transactions and real events. Stop it with Ctrl-C.

    The control surface under /_staycheck/ answers on loopback only, unless STAYCHECK_CONTROL_TOKEN is set.
    """
    places = [*(realtime or []), *os.environ.get("STAYCHECK_REALTIME", "").split()]
    # What a mutant says must reach the wire as it is.
    served = chosen_apps(app or [], apps, os.environ)
    settings = replace(
        _settings(db, served, places, check_replies and mutant is None, slow_commit / 1000),
        scenario=None if scenario is None else _scenario(scenario),
        clock=None if clock is None else _clock(clock),
        chaos=None if chaos is None and chaos_seed is None else _chaos(chaos, chaos_seed),
        dialect=None if dialect is None else _dialect(dialect),
    )
    if not is_loopback(host) and any(one.app.secret == DEFAULT_APP.secret for one in served):
        wrong_usage(
            f"Refusing to listen on {host} with the secret that everybody knows. Set STAYCHECK_PUSHER_SECRET and "
            "STAYCHECK_CONTROL_TOKEN, or stay on 127.0.0.1."
        )
    configure_logs(quiet=quiet or announce, secrets=_secrets(settings))
    if mutant is not None:
        _break(mutant)
    if not tls and (tls_name or tls_ca):
        wrong_usage("--tls-name and --tls-ca are of no use without --tls.")
    pipe = _pipe_of_stdin() if stop_with_stdin else None
    try:
        made = throwaway([host, *(tls_name or ())]) if tls else None
        with _authority(tls_ca) as authority:

            def ready(url: str) -> None:
                if (
                    made is not None
                ):  # and not before: another server may be there, with a certificate of its own
                    _leave(made, authority)
                _ready(url, settings, announce, authority if made else None)

            run(settings, host, port, ready, stop_with=pipe, tls=made.context if made else None)
    except (ListenError, StoreError, TlsError) as error:
        could_not_judge(str(error))
    except ScenarioError as error:
        wrong_usage(
            f"--scenario {scenario or DEFAULT_SCENARIO} cannot begin at this time: at {error.pointer}: {error}"
        )


@contextmanager
def _authority(place: Path | None) -> Iterator[Path]:
    """Where the authority's certificate is for as long as the server runs: a file of its own, or that place."""
    with tempfile.TemporaryDirectory(prefix="staycheck-tls-") as directory:
        yield place or Path(directory) / "authority.pem"


def _leave(made: Throwaway, place: Path) -> None:
    try:
        place.write_bytes(made.authority)
    except OSError as error:
        raise TlsError(
            f"The certificate cannot be written to {place}: {error.strerror}. Choose another place with --tls-ca."
        ) from None


def _pipe_of_stdin() -> BinaryIO:
    mode = os.fstat(sys.stdin.fileno()).st_mode if sys.stdin is not None else 0
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):  # some parents use a pair of sockets as a pipe
        wrong_usage("--stop-with-stdin needs a pipe on stdin, held open by whoever starts the server.")
    return sys.stdin.buffer


def _break(name: str) -> None:
    try:
        install(name)
    except UnknownMutant as unknown:
        wrong_usage(f"--mutant: {unknown}")


def _chaos(named: str | None, seed: int | None) -> Plan:
    if named is None:
        wrong_usage("--chaos-seed is of no use without --chaos.")
    try:
        return read_chaos(named, seed)
    except ChaosFileError as error:
        wrong_usage(f"--chaos: {error}")


def _scenario(text: str) -> Scenario:
    try:
        return find_scenario(text)
    except ScenarioFileError as error:
        wrong_usage(f"--scenario: {error}")


def _dialect(path: Path) -> Mapping[str, Any]:
    try:
        return load_dialect(path, use=speakable)
    except TargetError as error:
        wrong_usage(f"--dialect: {error}")


def _clock(text: str) -> ClockSetting:
    try:
        setting = parse_clock(text)
        setting.begins_at(datetime.now(UTC))
    except ClockSettingError as error:
        wrong_usage(f"--clock: {error}")
    return setting


def _settings(
    db: str, apps: tuple[ServedApp, ...], realtime: list[str], check_replies: bool, slow_commit: float
) -> Settings:
    try:
        check_location(db)
    except LocationError as error:
        wrong_usage(f"--db: {error}")
    addresses: list[PusherAddress] = []
    for place in realtime:
        if place != _EMBEDDED:
            try:
                addresses.append(parse_realtime_url(place))
            except ValueError as error:
                wrong_usage(f"--realtime: {error}")
    return Settings(
        db=db,
        apps=apps,
        embedded=_EMBEDDED in realtime or not addresses,
        publish_to=tuple(addresses),
        check_replies=check_replies,
        slow_commit=slow_commit,
        control_token=os.environ.get("STAYCHECK_CONTROL_TOKEN"),
    )


def _secrets(settings: Settings) -> tuple[str, ...]:
    tokens = (settings.control_token,) if settings.control_token else ()
    published = (address.app.secret for address in settings.publish_to)
    served = (one.app.secret for one in settings.apps)
    return (*served, *published, *secrets_of(settings.db), *tokens)


def _ready(url: str, settings: Settings, announce: bool, authority: Path | None) -> None:
    if announce:
        told = {"ready": True, "url": url} | ({"authority": str(authority)} if authority else {})
        print(json.dumps(told), flush=True)  # noqa: T201 - a line for a program to read
        return
    welcome(Console(highlight=False, soft_wrap=True), url, settings, authority)
