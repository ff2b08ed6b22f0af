"""`manage.py retry_tasks`: try again what failed after a commit. Meant for a timer."""

from django.core.management.base import BaseCommand

from hotel import mail
from hotel.models import FailedTask


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options):
        for task in FailedTask.objects.filter(kind=mail.SURVEY):
            mail.send_survey(task.booking_id)
        self.stdout.write(f"{FailedTask.objects.count()} tasks still fail.")
