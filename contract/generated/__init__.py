"""Typed models made from the schemas by `python -m tools.generate_models`."""
