"""Providers that people sign in at, as tests play them."""
