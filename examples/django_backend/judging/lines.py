"""A command that answers JSON lines on stdout to JSON lines on stdin, one for one, until stdin ends."""

import json
import sys

from django.core.management.base import BaseCommand


class LineCommand(BaseCommand):
    requires_system_checks = []

    def handle(self, **options):
        for line in sys.stdin:
            if line.strip():
                self.stdout.write(json.dumps(self.answer(json.loads(line))))
                self.stdout.flush()

    def answer(self, question):
        raise NotImplementedError
