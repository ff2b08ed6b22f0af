"""From the outbox to Pusher: a few lanes side by side, each in order, each event until Pusher has taken it.

An event that was sent and whose answer was lost is sent again with the same event_id. One process publishes: the one that runs
`manage.py serve`.
"""

import logging
import threading

import pusher
import requests
from django.conf import settings
from django.db import close_old_connections
from pusher.errors import PusherError

from hotel.models import OutboxEvent

LANES = 6
_POLL, _LONGEST_PAUSE = 1.0, 30.0
log = logging.getLogger(__name__)
_bells = [threading.Event() for _ in range(LANES)]


def wake(lane):
    """There is something in the lane. Where nobody publishes, nothing happens; another process finds it by polling."""
    _bells[lane].set()


class Lane(threading.Thread):
    """Publishes one lane of the outbox until `stop` is set."""

    def __init__(self, lane, stop):
        super().__init__(name=f"lane-{lane}", daemon=True)
        self._lane, self._halt = lane, stop
        self._pusher = pusher.Pusher(**settings.PUSHER)

    def run(self):
        failures = 0
        while not self._halt.is_set():
            close_old_connections()
            if self._publish_all():
                failures = 0
                _bells[self._lane].wait(_POLL)
                _bells[self._lane].clear()
            else:
                failures += 1
                self._halt.wait(min(0.2 * 2**failures, _LONGEST_PAUSE))

    def _publish_all(self):
        """Whether everything went out. What did not stays first in its lane: order comes before speed."""
        while events := list(OutboxEvent.objects.filter(lane=self._lane).order_by("pk")[:20]):
            for event in events:
                try:
                    self._pusher.trigger(event.channel, event.name, event.body)
                except (PusherError, requests.RequestException, ValueError) as error:
                    log.warning("Event %s could not be published: %s", event.pk, type(error).__name__)
                    event.attempts += 1
                    event.last_error = type(error).__name__
                    event.save(update_fields=["attempts", "last_error"])
                    return False
                OutboxEvent.objects.filter(pk=event.pk).delete()
        return True


def start(stop):
    """Begin to publish; nothing without a PUSHER_URL."""
    if settings.PUSHER is None:
        log.warning("There is no PUSHER_URL; events wait in the outbox.")
        return
    for lane in range(LANES):
        Lane(lane, stop).start()
