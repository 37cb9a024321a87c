"""The way of a payload to the app, over Socket Mode or signed HTTP, and of its ack back."""
