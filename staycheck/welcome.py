"""What `serve` says when it is ready: where everything is, and what to paste, in the words that the server speaks."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from contract.channels import rooms_channel
from contract.dialect import Dialect, identity, parse_dialect
from reference_server.app import DEFAULT_APP, Settings
from reference_server.seed import DEFAULT_SCENARIO, DEMO_STAFF, HOME_HOTEL
from reference_server.store.location import shown
from simulator.scenario_files import built_in

_HOTEL_ID = next(member.hotel_id for member in DEMO_STAFF)
_PARAMS = {"hotel_slug": HOME_HOTEL, "booking_id": "BOOKING_ID"}
_CLERK = next(member.username for member in DEMO_STAFF if member.role == "front_desk")


def welcome(console: Console, url: str, settings: Settings, authority: Path | None) -> None:
    """Print it. `authority` is the certificate clients must trust, when the server speaks TLS."""
    words = identity() if settings.dialect is None else parse_dialect(settings.dialect)
    _facts(console, url, settings, words, authority)
    curl = "curl" if authority is None else f"curl --cacert {authority}"
    _calls(console, url, words, curl)
    _pusher(console, url, settings, words, tls=authority is not None)
    console.print(
        "\nJudge it:  " + (f"SSL_CERT_FILE={authority} " if authority else "") + f"staycheck check {url}\n",
        markup=False,
    )


def _facts(console: Console, url: str, settings: Settings, words: Dialect, authority: Path | None) -> None:
    app = settings.pusher_app
    host, port = _host_and_port(url)
    secret = app.secret if app == DEFAULT_APP else "(the one you gave)"
    staff = ", ".join(member.username for member in DEMO_STAFF if member.hotel_id == _HOTEL_ID)
    outsider = next(member.username for member in DEMO_STAFF if member.hotel_id != _HOTEL_ID)
    console.print(f"[bold]staycheck[/bold] serves {url}   (Ctrl-C stops it)\n")
    if settings.dialect is None:
        console.print(f"Board    {url}/")
    else:
        console.print(
            f"Dialect  {words.name}: paths, credentials, fields, errors, channels and events are in its words;\n"
            "         /_staycheck/ is in the contract's, and there is no board",
            markup=False,
        )
    begun = settings.scenario or built_in(DEFAULT_SCENARIO)
    means = f"scenario {begun.name} ({begun.title})"
    if begun.name == DEFAULT_SCENARIO:
        means = "today's arrivals can be checked in at any hour of the day"
    console.print(f"Hotel    {HOME_HOTEL}, id {_HOTEL_ID}; {means}", markup=False)
    if settings.clock is not None or begun.clock is not None:
        console.print(f"Clock    moved; it shows its time at {url}/_staycheck/clock", markup=False)
    console.print(f"Staff    {staff} (password = name); {outsider} works in other-demo")
    console.print(
        f"Pusher   app id {app.id}, key {app.key}, secret {secret}, host {host}, port {port}, "
        f"{'no TLS' if authority is None else 'TLS only'}"
    )
    if settings.dialect is not None:
        known = words.with_hotels({HOME_HOTEL: _HOTEL_ID})
        named = (rooms_channel(HOME_HOTEL), f"staff-hotel-{_HOTEL_ID}", "private-guest-booking.BOOKING_ID")
        console.print(
            f"         channels {', '.join(known.to_wire_channel(one) for one in named)}; "
            f"signed at {words.to_wire_path('channelAuth', _PARAMS)}",
            markup=False,
        )
    if authority is not None:
        console.print(
            f"TLS      a client must trust {authority}: NODE_EXTRA_CA_CERTS, SSL_CERT_FILE or curl --cacert; a browser\n"
            f"         asks once when it opens {url}",
            markup=False,
        )
    for other in settings.apps[1:]:
        console.print(
            f"         app id {other.app.id}, key {other.app.key}, apart from the hotel", markup=False
        )
    lasts = " (gone when the server stops)" if settings.db == "memory" else ""
    console.print(f"Database {shown(settings.db)}{lasts}", markup=False)
    if settings.chaos is not None:
        plan = settings.chaos
        named_plan = plan.preset or "of a file"
        console.print(
            f"Chaos    {named_plan}, seed {plan.seed}: {', '.join(rule.name for rule in plan.rules) or 'no rules'};"
            f" what was done: {url}/_staycheck/chaos/log",
            markup=False,
        )


def _calls(console: Console, url: str, words: Dialect, curl: str) -> None:
    """Three calls for a shell: log in, list, check in."""
    body = json.dumps(words.to_wire_request("staffLogin", {"username": _CLERK, "password": _CLERK}))
    steps = "".join(f'["{step}"]' for step in token_path(words))
    ((header, value),) = words.auth.credentials("$TOKEN").items()
    paths = {name: words.to_wire_path(name, _PARAMS) for name in ("staffLogin", "listBookings", "checkIn")}
    list_method, method = words.to_wire_method("listBookings"), words.to_wire_method("checkIn")
    login = words.to_wire_method("staffLogin")
    console.print("\nLog in, list today's arrivals, check one in:\n")
    console.print(
        f"  TOKEN=$({curl} -s {'' if login == 'POST' else f'-X {login} '}{url}{paths['staffLogin']} "
        "-H 'Content-Type: application/json' \\\n"
        f"    -d {shlex.quote(body)} | python3 -c 'import json, sys; "
        f"print(json.load(sys.stdin){steps})')\n"
        f"  {curl} -s {'' if list_method == 'GET' else f'-X {list_method} '}'{url}{paths['listBookings']}?bucket=arrivals' "
        f'-H "{header}: {value}"\n'
        f'  {curl} -s -X {method} {url}{paths["checkIn"]} -H "{header}: {value}"',
        markup=False,
    )


def _pusher(console: Console, url: str, settings: Settings, words: Dialect, *, tls: bool) -> None:
    host, port = _host_and_port(url)
    wire = f"wssPort: {port}, forceTLS: true," if tls else f"wsPort: {port}, forceTLS: false,"
    known = words.with_hotels({HOME_HOTEL: _HOTEL_ID})
    channel = known.to_wire_channel(rooms_channel(HOME_HOTEL))
    event = words.event_names.get("room_updated", "room_updated")
    console.print("\nWatch the rooms with pusher-js:\n")
    console.print(
        f"  const pusher = new Pusher('{settings.pusher_app.key}', {{ wsHost: '{host}', {wire}\n"
        "    enabledTransports: ['ws'], cluster: 'local' });\n"
        f"  pusher.subscribe('{channel}').bind('{event}', (event) => console.log(event));",
        markup=False,
    )


def token_path(words: Dialect) -> tuple[str, ...]:
    """The keys that lead to the token in the answer to a login."""
    mark = "the token"
    return _path_to(mark, words.to_wire_reply("staffLogin", 200, {"token": mark}))


def _path_to(mark: str, value: Any) -> tuple[str, ...]:
    for name, inner in value.items() if isinstance(value, Mapping) else ():
        if inner == mark:
            return (name,)
        if below := _path_to(mark, inner):
            return (name, *below)
    return ()


def _host_and_port(url: str) -> tuple[str, str]:
    host, port = url.partition("://")[2].rsplit(":", 1)
    return host, port
