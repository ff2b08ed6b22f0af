"""The life of a room: which change of status is legal, who may ask for it, and what else it changes."""

from hotel.errors import Refusal
from hotel.models import Role
from hotel.models import RoomStatus as S

_M, _F, _H = Role.MANAGER, Role.FRONT_DESK, Role.HOUSEKEEPING

# What housekeeping's endpoints may do. OCCUPIED is entered and left by check-in, check-out and move alone.
_BY_HAND = {
    S.READY_FOR_GUEST: {S.MAINTENANCE_REQUIRED: {_M, _F, _H}, S.OUT_OF_ORDER: {_M}},
    S.OCCUPIED: {},
    S.CHECKOUT_DIRTY: {
        S.CLEANING_IN_PROGRESS: {_M, _H},
        S.CLEANED_UNINSPECTED: {_M},
        S.MAINTENANCE_REQUIRED: {_M, _F, _H},
        S.READY_FOR_GUEST: {_M},
    },
    S.CLEANING_IN_PROGRESS: {
        S.CLEANED_UNINSPECTED: {_M, _H},
        S.CHECKOUT_DIRTY: {_M, _H},
        S.MAINTENANCE_REQUIRED: {_M, _F, _H},
        S.READY_FOR_GUEST: {_M},
    },
    S.CLEANED_UNINSPECTED: {
        S.READY_FOR_GUEST: {_M, _H},
        S.CHECKOUT_DIRTY: {_M},
        S.MAINTENANCE_REQUIRED: {_M, _F, _H},
    },
    S.MAINTENANCE_REQUIRED: {S.CHECKOUT_DIRTY: {_M}, S.OUT_OF_ORDER: {_M}, S.READY_FOR_GUEST: {_M}},
    S.OUT_OF_ORDER: {S.CHECKOUT_DIRTY: {_M}, S.READY_FOR_GUEST: {_M}},
}
_BY_STAY = {S.READY_FOR_GUEST: S.OCCUPIED, S.OCCUPIED: S.CHECKOUT_DIRTY}


def require_by_hand(role, before, after):
    """Refusal unless staff of that role may make the change."""
    roles = _BY_HAND[before].get(after)
    if roles is None:
        raise Refusal("INVALID_TRANSITION", f"A room that is {before} cannot become {after}.")
    if role not in roles:
        raise Refusal("PERMISSION_DENIED", f"Your role may not make a {before} room {after}.")


def require_by_stay(before, after):
    """Refusal unless a guest who comes or goes makes the change."""
    if _BY_STAY.get(before) != after:
        raise Refusal("INVALID_TRANSITION", f"A room that is {before} cannot become {after}.")


def enter(room, status, actor, now):
    """Give the room a status and all that comes with it."""
    room.status = status
    match status:
        case S.READY_FOR_GUEST:
            room.maintenance_required = room.out_of_order = False
            room.maintenance_priority = room.maintenance_notes = None
            room.last_inspected_at, room.inspected_by_staff_name = now, actor.name
        case S.CLEANED_UNINSPECTED:
            room.last_cleaned_at, room.cleaned_by_staff_name = now, actor.name
        case S.MAINTENANCE_REQUIRED:
            room.maintenance_required = True
        case S.OUT_OF_ORDER:
            room.out_of_order = True
