"""The control surface: provider states and probes, for this machine only."""
