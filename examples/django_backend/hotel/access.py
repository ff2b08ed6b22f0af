"""Who is calling, and what they may do: staff with a bearer token and a role, guests with a token of their booking."""

import hashlib

from rest_framework import authentication, exceptions, permissions
from rest_framework.authtoken.models import Token

from hotel.errors import Refusal
from hotel.models import GuestToken, Role

ACTIONS = {
    "bookings": ["checkin", "checkout", "assign_room", "update", "cancel", "communicate"],
    "rooms": ["inspect", "maintenance_flag", "maintenance_clear", "checkout_destructive"],
    "housekeeping": ["status_transition", "status_front_desk", "status_override"],
}
_MAY = {
    Role.MANAGER: {f"{module}.{action}" for module, actions in ACTIONS.items() for action in actions},
    Role.FRONT_DESK: {
        "bookings.checkin",
        "bookings.checkout",
        "bookings.assign_room",
        "bookings.update",
        "bookings.communicate",
        "rooms.maintenance_flag",
        "housekeeping.status_front_desk",
    },
    Role.HOUSEKEEPING: {"rooms.inspect", "rooms.maintenance_flag", "housekeeping.status_transition"},
}
NAVS = {
    Role.MANAGER: ["rooms", "room_bookings", "housekeeping"],
    Role.FRONT_DESK: ["rooms", "room_bookings"],
    Role.HOUSEKEEPING: ["rooms", "housekeeping"],
}


def may(role, *actions):
    """Whether the role has one of the actions, each written `module.action`."""
    return any(action in _MAY[role] for action in actions)


class BearerAuthentication(authentication.TokenAuthentication):
    """`Authorization: Bearer <token>`. The user of the request is the member of staff."""

    keyword = "Bearer"

    def authenticate_credentials(self, key):
        token = (
            Token.objects.select_related("user__staff__hotel").filter(key=key, user__is_active=True).first()
        )
        if token is None or not hasattr(token.user, "staff"):
            raise exceptions.AuthenticationFailed
        return token.user.staff, token


class WorksInHotel(permissions.BasePermission):
    """The hotel of the path is one the caller works in; whether it exists is nobody else's business."""

    def has_permission(self, request, view):
        hotel = request.user.hotel_called(view.kwargs["hotel_slug"])
        if hotel is None:
            raise Refusal("HOTEL_MISMATCH", "You do not work in this hotel.")
        view.hotel = hotel
        return True


class MayAct(permissions.BasePermission):
    """The caller's role has one of the actions that the view names for the method."""

    def has_permission(self, request, view):
        needed = view.actions.get(request.method, ())
        return not needed or may(request.user.role, *needed)


class IsAuthenticatedStaff(permissions.BasePermission):
    def has_permission(self, request, view):
        return request.user is not None


def digest(raw):
    return hashlib.sha256(raw.encode()).hexdigest()


def raw_guest_token(request, body=None):
    """The guest token a request shows: in the header, in the query, or in the body of a Pusher client."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "guest" and value:
        return value
    return request.query_params.get("token") or (body or {}).get("token")


def guest_token(raw):
    """The active token, with its booking, or None."""
    if not raw:
        return None
    found = GuestToken.objects.select_related("booking").filter(digest=digest(raw), status=GuestToken.ACTIVE)
    return found.first()
