"""The report as one HTML file: no network, readable without its script, on a phone and in the dark."""

from conformance_tests.report.html.page import to_html

__all__ = ["to_html"]
