"""The programs that people connect with, started with what they need, and with no secret on a command line."""
