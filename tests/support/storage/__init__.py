"""Storage as tests have it."""
