"""The control API: what people do and see, and what goes wrong, as loopback HTTP, for scripts, tests and the page."""
