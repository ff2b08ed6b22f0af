"""What must be true: pure functions and values read from `schemas/`. Imports nothing above it."""
