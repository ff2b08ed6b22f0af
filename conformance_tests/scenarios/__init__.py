"""The calls of a run: scenarios as frozen records, and the plan that orders them."""
