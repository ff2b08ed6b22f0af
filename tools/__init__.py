"""Commands for those who work on the contract; not part of the distribution."""
