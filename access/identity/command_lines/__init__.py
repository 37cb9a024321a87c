"""Command lines are let in by a signed-in browser: by a code that it brings back, or by one that a person types."""
