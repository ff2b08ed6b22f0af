"""`manage.py serve --port 8000`: the API under waitress, and the publisher of the outbox beside it."""

import threading

import waitress
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application

from hotel import publisher


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--threads", type=int, default=8)

    def handle(self, **options):
        stop = threading.Event()
        publisher.start(stop)
        try:
            waitress.serve(
                get_wsgi_application(), host=options["host"], port=options["port"], threads=options["threads"]
            )
        finally:
            stop.set()
