"""The realtime side of the reference server: a Pusher Channels endpoint in process, and publishers that feed it.

Order: on one channel, one connection receives events in the order in which they were published. Across channels
nothing is promised.
"""
