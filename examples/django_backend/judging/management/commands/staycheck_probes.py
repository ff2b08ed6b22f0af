"""`manage.py staycheck_probes`: shows what no endpoint shows; ProbesRequest lines in, ProbesReply lines out.

A probe it does not offer is left out of the answer; staycheck then reads it from the API, or does without.
"""

from judging.lines import LineCommand
from judging.probes import PROBES


class Command(LineCommand):
    help = __doc__

    def answer(self, question):
        asked = [one for one in question["probes"] if one["probe"] in PROBES]
        return {
            "results": [
                {"probe": one["probe"], "state": PROBES[one["probe"]](one["subject"])} for one in asked
            ]
        }
