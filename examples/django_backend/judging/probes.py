"""What a conformance run may see that no endpoint shows. Raw tokens are nowhere, so they are not here either."""

from django.db.models import Q

from hotel.models import Booking, Conversation, FailedTask, Guest, GuestToken, Order, Room, RoomMessage


def _time(value):
    return None if value is None else value.isoformat()


def guests(subject):
    found = Guest.objects.filter(Q(booking__reference=subject["booking_id"]) | Q(room_id=subject["room_id"]))
    return [
        {
            "id": guest.pk,
            "booking_id": guest.booking and guest.booking.reference,
            "room_id": guest.room_id,
            "guest_type": guest.kind,
            "first_name": guest.first_name,
            "last_name": guest.last_name,
            "party_member_id": guest.party_member_id,
            "primary_guest_id": guest.primary_id,
        }
        for guest in found.select_related("booking").order_by("pk")
    ]


def tokens(subject):
    return [
        {
            "id": token.pk,
            "booking_id": subject["booking_id"],
            "purpose": token.purpose,
            "scopes": token.scopes,
            "status": token.status,
            "created_at": _time(token.created_at),
            "revoked_at": _time(token.revoked_at),
            "revoke_reason": token.revoke_reason,
        }
        for token in GuestToken.objects.filter(booking__reference=subject["booking_id"]).order_by("pk")
    ]


def cleanup(subject):
    booking = Booking.objects.get(reference=subject["booking_id"])
    orders = Order.objects.filter(booking=booking)
    return {
        "conversations": Conversation.objects.filter(booking=booking).count(),
        "room_messages": RoomMessage.objects.filter(conversation__booking=booking).count(),
        "orders": orders.filter(is_breakfast=False).count(),
        "breakfast_orders": orders.filter(is_breakfast=True).count(),
    }


def device(subject):
    room = Room.objects.get(pk=subject["room_id"])
    return {"guest_fcm_token_set": room.guest_fcm_token is not None}


def failures(subject):
    return [
        {
            "kind": task.kind,
            "booking_id": subject["booking_id"],
            "attempts": task.attempts,
            "last_error": task.last_error,
            "will_retry": True,
        }
        for task in FailedTask.objects.filter(booking__reference=subject["booking_id"])
    ]


PROBES = {"guests": guests, "tokens": tokens, "cleanup": cleanup, "device": device, "failures": failures}
