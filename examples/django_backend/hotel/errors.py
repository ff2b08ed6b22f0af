"""Refusals, and the two shapes they are answered in.

What the hotel refuses is `{"error": CODE, "detail": text}`. What does not fit its form is `{"code", "message"}`, and a login that
is wrong is DRF's `{"non_field_errors": [...]}` with a code beside it. All of it is JSON, whatever happens.
"""

import logging

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

log = logging.getLogger(__name__)

_STATUS = {
    "NOT_AUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "HOTEL_MISMATCH": 403,
    "BOOKING_NOT_FOUND": 404,
    "ROOM_NOT_FOUND": 404,
    "NOT_FOUND": 404,
    "CHECKOUT_FAILED": 409,
    "ROOM_OVERLAP_CONFLICT": 409,
    "BOOKING_ALREADY_CHECKED_IN": 409,
}
_NO_NOTE = [{"note": [code]} for code in ("required", "blank", "null")]


class Refusal(Exception):
    """The hotel's answer is no. A transaction that this leaves is rolled back whole."""

    def __init__(self, code, detail):
        super().__init__(detail)
        self.code, self.detail = code, detail

    @property
    def status(self):
        return _STATUS.get(self.code, 400)


def _refused(code, detail, status_code):
    return Response({"error": code, "detail": str(detail)}, status=status_code)


def render(error, context):
    """DRF's exception handler: every exception of a view as one of our shapes."""
    match error:
        case Refusal():
            return _refused(error.code, error.detail, error.status)
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            response = _refused("NOT_AUTHENTICATED", error.detail, status.HTTP_401_UNAUTHORIZED)
            response["WWW-Authenticate"] = "Bearer"
            return response
        case exceptions.PermissionDenied():
            return _refused("PERMISSION_DENIED", error.detail, error.status_code)
        case exceptions.ValidationError():
            lacks_note = context["view"].note_required and error.get_codes() in _NO_NOTE
            body = {
                "code": "NOTE_REQUIRED" if lacks_note else "INVALID_INPUT",
                "message": "The request does not fit its form.",
                "details": {"fields": error.detail},
            }
            return Response(body, status=error.status_code)
        case exceptions.ParseError() | exceptions.UnsupportedMediaType():
            return Response({"code": "INVALID_INPUT", "message": str(error.detail)}, status=400)
        case RequestDataTooBig():
            return Response({"code": "PAYLOAD_TOO_LARGE", "message": "The request is too large."}, status=413)
        case Http404():
            return _refused("NOT_FOUND", "There is no such thing.", 404)
        case exceptions.APIException():
            return _refused(str(error.default_code).upper(), error.detail, error.status_code)
    log.exception("A view failed.", exc_info=error)
    return _refused("INTERNAL_ERROR", "The server failed; nothing was changed.", 500)


def not_found(request, exception):
    return JsonResponse({"error": "NOT_FOUND", "detail": "There is no such path."}, status=404)


def server_error(request):
    return JsonResponse({"error": "INTERNAL_ERROR", "detail": "The server failed."}, status=500)
