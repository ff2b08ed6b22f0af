"""The same world with I/O: aiohttp, a store, an outbox, a Pusher endpoint."""
