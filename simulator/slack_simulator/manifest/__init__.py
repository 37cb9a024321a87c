"""The app's manifest: what Slack takes as one, and what a workspace reads from it. Pure."""
