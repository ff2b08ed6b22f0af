"""`staycheck init`: a commented target file to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance_tests.report.terminal import console
from staycheck.drafting.source import SourceError
from staycheck.drafting.writing import Draft, draft_target
from staycheck.usage import fail, wrong_usage

TEMPLATE = """\
# The backend that `staycheck check staycheck.toml` judges. Paths are relative to this file; times are in seconds.
# Secrets come from the environment: every *_env names a variable. Lines that are commented out show the defaults.

name = "my backend"
base_url = "http://127.0.0.1:8000"      # with the prefix of the backend, if it has one: every path below stands behind it
# allow = ["staging.example.com"]      # hosts beside loopback that may be judged

# The origin of a frontend that calls the backend from a browser; without it nothing is said about CORS.
# frontend_origin = "https://desk.example"

# If the backend keeps the promises in other words (paths, methods, names, a wrapper around replies), a dialect translates them.
# dialect = "dialect.toml"

# How staff log in. The manager is needed; without the others the rules about roles and hotels are inconclusive:
# take out a role whose login does not exist yet.
[staff.manager]
username = "manager"
password_env = "STAYCHECK_MANAGER_PASSWORD"

[staff.front_desk]
username = "frontdesk"
password_env = "STAYCHECK_FRONT_DESK_PASSWORD"

[staff.housekeeping]
username = "housekeeper"
password_env = "STAYCHECK_HOUSEKEEPING_PASSWORD"

# Somebody who works in another hotel of the same backend.
[staff.outsider]
username = "outsider"
password_env = "STAYCHECK_OUTSIDER_PASSWORD"
# token_env = "STAYCHECK_OUTSIDER_TOKEN"   # a ready staff token instead of a password, for any of them

# How events are seen. The sink is a Pusher-compatible REST endpoint that staycheck runs: point the backend's Pusher
# client at it (host, port, app id, key, secret as here). It sees every event in the order it was sent.
[realtime.sink]
host = "127.0.0.1"
port = 8790
app_id = "1001"
key = "staycheck"
secret = "staycheck-secret"

# Or be a client of the Pusher server the backend publishes to, as a frontend is. They may be combined.
# [realtime.subscribe]
# url = "ws://127.0.0.1:6001"
# key = "app-key"
# secret_env = "PUSHER_SECRET"         # signs guest channels here instead of asking the backend

# Or read a file that the backend appends every event to, a line {channel, name, data} each. A broken line, and a file that is
# cut short or replaced during the check, is a gap: nothing is proven absent by it.
# [realtime.file]
# path = "events.jsonl"

# How a scenario gets the state it needs: one of url, command, pool. The states are listed in
# schemas/provider_states.yaml; one that is not offered leaves the rules that need it inconclusive. Take the table out until
# there is such an endpoint.
[states]
url = "/test-support/states"           # behind base_url, prefix included; or a whole URL
# command = ["python", "manage.py", "staycheck_states"]   # JSON lines on stdin and stdout
# pool = "fixtures.json"                                   # prepared fixtures: {state: [{params, bindings}]}
# token_env = "STAYCHECK_CONTROL_TOKEN"                    # sent as a bearer token

# How effects are read that no public endpoint shows: guests, tokens, cleanup, device, failures. booking, room and audit
# are read from the public endpoints unless named here. The probes are listed in schemas/probes.yaml.
[probes]
url = "/test-support/probes"
# [probes.paths.guests]
# path = "/api/staff/hotel/{hotel_slug}/guests/?booking={booking_id}"
# pointer = "/results"

[timeouts]
request = 10      # one HTTP call
event = 5         # an event that is due; more for a publisher that sends one event after the other on a busy machine
grace = 0.2       # late extras after a fence
outage = 2        # for so long the sink refuses the events of one stay; 30 finds a publisher that gives up after that, once in a while
recovery = 10     # an event the Pusher endpoint refused for a while, sent again after that
"""


def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("staycheck.toml"),
    from_openapi: Annotated[
        str | None,
        typer.Option(
            "--from-openapi",
            help="Draft it from the backend's own OpenAPI 3 or Swagger 2.0 document, JSON or YAML.",
            metavar="URL|FILE",
        ),
    ] = None,
) -> None:
    """Write a commented target file."""
    if path.exists():
        wrong_usage(f"{path} is there already; name another file, or remove it first.")
    if not path.absolute().parent.is_dir():
        wrong_usage(f"There is no directory {path.absolute().parent}.")
    draft = None if from_openapi is None else _draft(from_openapi)
    try:
        path.write_text(TEMPLATE if draft is None else draft.text, encoding="utf-8", newline="\n")
    except OSError as error:
        wrong_usage(f"{path} cannot be written: {error.strerror}.")
    out = console()
    if draft is None:
        out.print(f"Wrote {path}. Fill it in, then: staycheck check {path}", soft_wrap=True)
        return
    counts = f"{len(draft.found)} operations found, {len(draft.open)} to fill in"
    out.print(f"Wrote {path}, drafted from {draft.title}: {counts}.", soft_wrap=True)
    if draft.open:
        out.print(f"To fill in, each with its reason in the file: {', '.join(draft.open)}.", soft_wrap=True)
    out.print(f"Look it over, then: staycheck check {path}", soft_wrap=True)


def _draft(address: str) -> Draft:
    try:
        return draft_target(address, TEMPLATE)
    except SourceError as error:
        fail(f"--from-openapi: {error}", error.exit_code)
