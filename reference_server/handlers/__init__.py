"""One handler per operationId of `openapi.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reference_server.handlers.bookings import BOOKINGS
from reference_server.handlers.commands import COMMANDS
from reference_server.handlers.guests import GUESTS
from reference_server.handlers.rooms import ROOMS
from reference_server.handlers.staff import STAFF
from reference_server.house import Handler

HANDLERS: Mapping[str, Handler] = MappingProxyType({**STAFF, **COMMANDS, **BOOKINGS, **ROOMS, **GUESTS})
