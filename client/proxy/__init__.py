"""A port on this machine that takes PostgreSQL's clients without a password, and brings them to the gateway."""
