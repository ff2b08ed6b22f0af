"""For end-to-end tests of a frontend: a hotel per session, begun anew for every test, and its events.

    def test_check_in(staycheck_server, staycheck_events, page):
        page.goto(f"http://localhost:3000/?api={staycheck_server.url}")
        ...
        staycheck_events.await_event("grand-demo.rooms", "room_updated", {"room_number": 101})

pytest finds it through the entry point `pytest11`, so it is imported in every session where staycheck is installed: what it
needs is imported only when a fixture is used. The options are in `pytest --help` and in the ini file under the same names:
`staycheck_scenario`, `staycheck_clock`, `staycheck_chaos`, `staycheck_db`, `staycheck_dialect`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from staycheck.testing.events import Events
    from staycheck.testing.server import Server

_OPTIONS = {
    "scenario": "what the hotel begins with: a built-in scenario, or a YAML file",
    "clock": "the hotel's clock, such as frozen@2026-11-25T14:00+00:00",
    "chaos": "a chaos preset or file",
    "db": "another database than memory",
    "dialect": "the words the server speaks: a TOML or JSON file",
}
_MARK = "staycheck(scenario=None, clock=None): begin this test with another scenario, or move the clock to an ISO time first"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--staycheck-scenario` and the others, and the same in the ini file."""
    group = parser.getgroup("staycheck mock", "the hotel that end-to-end tests run against")
    for name, text in _OPTIONS.items():
        group.addoption(f"--staycheck-{name}", metavar="VALUE", help=text)
        parser.addini(f"staycheck_{name}", help=text, default="")


def pytest_configure(config: pytest.Config) -> None:
    """The marker `staycheck`."""
    config.addinivalue_line("markers", _MARK)


@pytest.fixture(scope="session")
def _staycheck_process(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server: a process on a free port that ends with the session, and with whoever kills it."""
    from staycheck.testing.process import ServerFailed, running

    arguments: list[str] = []
    for name in _OPTIONS:
        value = request.config.getoption(f"staycheck_{name}") or request.config.getini(f"staycheck_{name}")
        if value:
            arguments += [f"--{name}", str(value)]
    try:
        with running(arguments, request.config.rootpath) as server:
            yield server
    except ServerFailed as error:
        pytest.exit(f"staycheck_server: {error}", returncode=4)


@pytest.fixture
def staycheck_server(request: pytest.FixtureRequest, _staycheck_process: Server) -> Server:
    """The hotel, begun anew: `url`, staff tokens, guests, the clock, snapshots (`staycheck.testing.server.Server`)."""
    wanted: dict[str, Any] = {"scenario": None, "clock": None}
    marker = request.node.get_closest_marker("staycheck")
    if marker is not None:
        unknown = sorted(set(marker.kwargs) - set(wanted))
        if unknown or marker.args:
            pytest.fail(
                f"The marker is {_MARK.partition(':')[0]}; it takes no {unknown or marker.args}.",
                pytrace=False,
            )
        wanted |= marker.kwargs
    _staycheck_process.reset(wanted["scenario"])
    if wanted["clock"] is not None:
        _staycheck_process.clock.move(wanted["clock"])
    return _staycheck_process


@pytest.fixture
def staycheck_events(staycheck_server: Server) -> Iterator[Events]:
    """The events of the hotel from before the test acts (`staycheck.testing.events.Events`)."""
    from staycheck.testing.events import listening

    with listening(staycheck_server) as events:
        yield events
