"""The Pusher Channels protocol, sans I/O.

Frames, signatures, names, limits and error codes as pure functions and small state machines. Sockets and HTTP are
elsewhere: the reference server serves this protocol, the conformance suite speaks it as a client and receives it as a
REST sink. Time is always an argument.

Source: the public protocol page (Channels WebSocket protocol 7) and HTTP API page, and the official client libraries.
"""
