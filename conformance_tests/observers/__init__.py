"""Three ways to see what a backend publishes: be its Pusher server, be a subscriber, or read a file it writes."""
