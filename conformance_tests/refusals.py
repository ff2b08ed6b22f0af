"""Every call the contract refuses, once: what is asked of whom in which state, and the refusal that is due.

The runner makes the calls, the rules judge the answers; both read this table and nothing else. Its rows stand by topic in
the modules it is put together from.

A string of the form `{name}` in `body` or `overrides` stands for a binding of the arranged state. Beside the bindings
of `state` there are those of `beside`, as `beside_<binding>`, those of the fence, as `home_<binding>` (its hotel
is the hotel of the run), and `manager_username`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from conformance_tests.absent_refusals import ABSENT
from conformance_tests.absent_refusals import MALFORMED as OUT_OF_FORM
from conformance_tests.access_refusals import ACCESS, ROLES
from conformance_tests.door_refusals import GUESTS, LOGIN, MALFORMED
from conformance_tests.order_refusals import ORDER
from conformance_tests.refusal import ANONYMOUS, GUEST, IN_HOUSE, NO_ROOM, READY, ROOM, UNKNOWN_TOKEN, Refusal
from conformance_tests.room_refusals import ASSIGNMENT, HOUSEKEEPING
from conformance_tests.room_scope_refusals import ROOM_SCOPE
from conformance_tests.stay_refusals import CHECK_IN, CHECK_OUT

__all__ = [
    "ANONYMOUS",
    "BY_CASE",
    "GUEST",
    "IN_HOUSE",
    "NO_ROOM",
    "READY",
    "REFUSALS",
    "ROOM",
    "UNKNOWN_TOKEN",
    "Refusal",
]

REFUSALS: tuple[Refusal, ...] = (
    *CHECK_IN,
    *CHECK_OUT,
    *ASSIGNMENT,
    *HOUSEKEEPING,
    *GUESTS,
    *LOGIN,
    *MALFORMED,
    *ABSENT,
    *OUT_OF_FORM,
    *ACCESS,
    *ROLES,
    *ROOM_SCOPE,
    *ORDER,
)
BY_CASE: Mapping[str, Refusal] = MappingProxyType({refusal.case: refusal for refusal in REFUSALS})

if len(BY_CASE) != len(REFUSALS):  # a table with two rows of one name is a mistake of its author
    raise ValueError("Two refusals have the same case.")
