"""Asks whether a live backend is true: scenarios, observers, histories, rules, reports."""
