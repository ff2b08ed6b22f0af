"""A world that obeys: `decide(world, command, now, ids) -> Decision`, pure."""
