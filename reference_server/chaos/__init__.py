"""What goes wrong on purpose while the mock server runs, by a plan that is seeded and repeatable.

    plan, choosing      what a plan says, and what is to be done by it: pure, no clock, no randomness but the seed
    engine, record      the plan in force, its counts, and what was done to whom
    requests, commits   around the operations: statuses, lost answers, slow commits
    events, clients     around the publishers, and to the connections of the embedded Pusher endpoint

The promises stand in `docs/chaos.md`. This is for the clients of a backend; `mutants/` is for the suite that judges one.
"""
