"""The server's helpers of tests/server, for the tests of worlds."""

from __future__ import annotations

from tests.server.conftest import Hotel, database, hotel, new_schema

__all__ = ["Hotel", "database", "hotel", "new_schema"]
