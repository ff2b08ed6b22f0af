"""`manage.py seed_judged_hotel`: the hotel that is judged, one beside it, and their staff."""

from django.core.management.base import BaseCommand
from django.db import transaction

from judging.hotels import seed


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options):
        with transaction.atomic():
            seed()
