"""What the pytest fixtures are made of; of use without pytest too."""
