"""Tells a report: on the terminal, and as JSON. A report is a dict of the shape `schemas/files/report.schema.json`."""
