"""Signing a command line in and out."""
