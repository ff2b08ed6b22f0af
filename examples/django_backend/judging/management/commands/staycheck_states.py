"""`manage.py staycheck_states`: arranges provider states; StatesRequest lines in, StatesReply lines out."""

from django.db import transaction

from hotel.models import Booking, Guest, Hotel, Room, RoomStatusChange
from judging.lines import LineCommand
from judging.models import Arranged
from judging.states import arrange


class Command(LineCommand):
    help = __doc__

    def answer(self, question):
        with transaction.atomic():
            if question["action"] == "teardown":
                _take_away(question["run"])
                return {"results": []}
            results = [arrange(question["run"], **wanted) for wanted in question["states"]]
        return {"results": results}


def _take_away(run):
    """Everything the run had arranged, and what the run's own calls added to it."""
    arranged = Arranged.objects.filter(run=run)

    def ids(model):
        return list(arranged.filter(model=model).values_list("row_id", flat=True))

    rooms, bookings = ids("room"), ids("booking")
    Guest.objects.filter(pk__in=ids("guest")).delete()
    Booking.objects.filter(pk__in=bookings).delete()
    RoomStatusChange.objects.filter(room_id__in=rooms).delete()
    Room.objects.filter(pk__in=rooms).delete()
    Hotel.objects.filter(pk__in=ids("hotel")).delete()
    arranged.delete()
