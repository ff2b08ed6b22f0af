"""Named lies: each breaks one promise of the contract, in one place, so that the suite can be tested by what it must catch.

A mutant is chosen when the server starts (`staycheck serve --mutant NAME`) and never changes while it runs. The code it
replaces knows nothing of it, and neither does the suite. `staycheck mutants` judges every one of them and prints which
rules found it. One module per layer and topic; the first word of its name is the layer:

    world        what an operation decides: effects, events, replies
    transaction  locks, isolation, when and whether it is written
    publisher    which events go out, when, how often, in what order
    protocol     HTTP, authentication, channel authorisation, schemas
"""

from reference_server.mutants.mutant import Layer, Mutant, UnknownMutant, all_mutants, get_mutant, install

__all__ = ["Layer", "Mutant", "UnknownMutant", "all_mutants", "get_mutant", "install"]
