"""Folders of keys: opened once, by a way that nobody else can change, and written to by their descriptor alone."""
