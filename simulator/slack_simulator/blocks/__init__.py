"""Block Kit: what Slack accepts, what an element holds, and what a person reads. Pure: no sockets, no workspace."""
