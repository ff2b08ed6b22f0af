"""What every handler works with, and the shape of a call and of its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from yarl import URL

from contract.errors import ContractError
from contract.operations import Operation
from contract.pusher.app import PusherApp
from reference_server.clock import Clock
from reference_server.jobs import JobRunner
from reference_server.store import Store
from reference_server.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class House:
    """The server's parts, made once in `app.py`."""

    store: Store
    clock: Clock
    unit_of_work: UnitOfWork
    jobs: JobRunner
    pusher_app: PusherApp


@dataclass(frozen=True, slots=True)
class Call:
    """One request, parsed by its operation.

    Tokens are hashed before they get here. `problem` is what is wrong with path, query or body; it is raised after
    authentication, hotel scope and permission, in the contract's order of refusals.
    """

    operation: Operation
    params: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    url: URL
    staff_token_hash: str | None = field(default=None, repr=False)
    guest_token_hash: str | None = field(default=None, repr=False)
    problem: ContractError | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON body."""

    status: int
    body: Mapping[str, Any]


Handler: TypeAlias = Callable[[House, Call], Awaitable[Answer]]
