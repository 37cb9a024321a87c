"""The control API: people's deeds, eyes and levers as loopback HTTP, for scripts, tests and the page."""
