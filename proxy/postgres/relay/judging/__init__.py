"""Judging: what a client asks, read as the server reads it, analysed, and put to rules and reviewers."""
