"""Sessions of staff, and who may listen to a private channel."""

import pusher
from django.conf import settings
from django.contrib.auth import authenticate
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.response import Response
from rest_framework.views import APIView

from hotel.access import ACTIONS, NAVS, guest_token, may, raw_guest_token
from hotel.events import guest_channel
from hotel.serializers import ChannelForm, LoginForm


class Sessions(APIView):
    authentication_classes = []
    permission_classes = []
    note_required = False

    def post(self, request):
        form = LoginForm(data=request.data)
        form.is_valid(raise_exception=True)
        user = authenticate(request, **form.validated_data)
        staff = getattr(user, "staff", None)
        if staff is None:
            body = {
                "non_field_errors": ["Unable to log in with these credentials."],
                "code": "NOT_AUTHENTICATED",
            }
            return Response(body, status=401)
        token, _ = Token.objects.get_or_create(user=user)
        rights = {
            module: {"actions": {action: may(staff.role, f"{module}.{action}") for action in actions}}
            for module, actions in ACTIONS.items()
        }
        return Response(
            {
                "session": {"access_token": token.key},
                "staff_id": staff.pk,
                "username": user.username,
                "hotel_id": staff.hotel_id,
                "hotel_slug": staff.hotel.slug,
                "hotel_name": staff.hotel.name,
                "is_staff": True,
                "is_superuser": user.is_superuser,
                "role": staff.role,
                "department": staff.role,
                "allowed_navs": NAVS[staff.role],
                "effective_navs": NAVS[staff.role],
                "rbac": rights,
            }
        )


class ChannelAuthorizations(APIView):
    """Asked by Pusher clients. The one private channel there is belongs to the booking of an active guest token."""

    permission_classes = []
    parser_classes = [JSONParser, FormParser]
    note_required = False

    def post(self, request):
        body = request.data if hasattr(request.data, "get") else {}
        raw = raw_guest_token(request, body)
        if raw is None and request.user is None:
            raise NotAuthenticated
        form = ChannelForm(data={name: body[name] for name in body})
        form.is_valid(raise_exception=True)
        channel, token = form.validated_data["channel_name"], guest_token(raw)
        if token is None or guest_channel(token.booking) != channel:
            raise PermissionDenied
        signer = pusher.Pusher(app_id="1", key=settings.PUSHER_KEY, secret=settings.PUSHER_SECRET)
        return Response(signer.authenticate(channel=channel, socket_id=form.validated_data["socket_id"]))
