"""The server in other words: requests, replies and events in a dialect, translated at the edge. Nothing behind it knows.

`routes` finds the operation that a request in the dialect means, `requests` and `replies` stand around every operation,
`publisher` stands before every Pusher endpoint, `speech` puts them together. What is translated into what says `contract.dialect`.
"""

from reference_server.speech.speech import Speech, speakable

__all__ = ["Speech", "speakable"]
