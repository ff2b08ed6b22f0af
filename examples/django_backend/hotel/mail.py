"""The survey a guest gets after the stay, and a mail backend for places without a mail server."""

import logging
import smtplib

from django.core.mail import send_mail
from django.core.mail.backends.dummy import EmailBackend
from django.utils import timezone

from hotel.models import Booking, FailedTask

log = logging.getLogger(__name__)
SURVEY = "survey_email"


class DemoBackend(EmailBackend):
    """Sends nothing, and fails like a real server for addresses that cannot exist."""

    def send_messages(self, messages):
        for message in messages:
            refused = [address for address in message.to if address.endswith(".invalid")]
            if refused:
                raise smtplib.SMTPRecipientsRefused(dict.fromkeys(refused, (550, b"no such host")))
        return len(messages)


def send_survey(booking_id):
    """Send the survey of a booking that has departed. A failure is logged and kept for a retry; it never gets out."""
    booking = Booking.objects.get(pk=booking_id)
    if booking.survey_sent_at is not None or not booking.booker_email:
        return
    try:
        send_mail("How was your stay?", "Tell us.", None, [booking.booker_email])
    except (smtplib.SMTPException, OSError) as error:
        log.warning("The survey of %s could not be sent: %s", booking.reference, type(error).__name__)
        task, made = FailedTask.objects.get_or_create(
            kind=SURVEY, booking=booking, defaults={"last_error": type(error).__name__}
        )
        if not made:
            task.attempts += 1
            task.save(update_fields=["attempts"])
        return
    Booking.objects.filter(pk=booking_id).update(survey_sent_at=timezone.now())
    FailedTask.objects.filter(kind=SURVEY, booking_id=booking_id).delete()
