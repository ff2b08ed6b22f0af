"""Refusals: the codes of the contract, the exception that carries one, and the only renderer of the error envelope.

The codes, their HTTP status and what they mean are data: `schemas/resources/error_code.schema.json`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from contract.schema_files import document


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A code of the contract, the HTTP status it goes with, and what it means in a phrase."""

    code: str
    status: int
    description: str


class UnknownCodeError(LookupError):
    """The contract has no such error code."""


class ContractError(Exception):
    """The contract refuses. Base of every refusal this package raises; the code is an attribute."""

    __slots__ = ("_code", "_details", "_message")

    def __init__(
        self, code: str, message: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        known = error_code(code)
        self._code = known
        self._message = message if message is not None else known.description
        self._details = MappingProxyType(dict(details)) if details is not None else None
        super().__init__(f"{code}: {self._message}")

    @property
    def code(self) -> str:
        return self._code.code

    @property
    def status(self) -> int:
        """The HTTP status the code goes with."""
        return self._code.status

    @property
    def message(self) -> str:
        return self._message

    @property
    def details(self) -> Mapping[str, Any] | None:
        return self._details

    def body(self) -> dict[str, Any]:
        """The error envelope."""
        return error_body(self.code, self._message, self._details)


@cache
def error_codes() -> Mapping[str, ErrorCode]:
    """Every code, in the order of the schema."""
    schema = document("resources/error_code.schema.json")
    return MappingProxyType(
        {
            entry["const"]: ErrorCode(entry["const"], entry["x-status"], entry["description"])
            for entry in schema["oneOf"]
        }
    )


def error_code(code: str) -> ErrorCode:
    """The code by its name. UnknownCodeError, with the nearest right one, when there is none."""
    found = error_codes().get(code)
    if found is None:
        near = difflib.get_close_matches(code, error_codes(), n=1)
        raise UnknownCodeError(f"no error code {code!r}" + (f"; did you mean {near[0]}?" if near else ""))
    return found


def status_of(code: str) -> int:
    """The HTTP status a code goes with."""
    return error_code(code).status


def error_body(
    code: str, message: str | None = None, details: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """`{"error": {"code", "message"[, "details"]}}`; without a message the code's own description stands in."""
    known = error_code(code)
    error: dict[str, Any] = {"code": known.code, "message": message if message else known.description}
    if details is not None:
        error["details"] = dict(details)
    return {"error": error}
