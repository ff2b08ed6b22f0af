"""The board: a page that is a client of the public API and of the Pusher endpoint, and of the control surface beside."""
