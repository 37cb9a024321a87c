"""Configuration of ssh and psql that leads to Gatepass: a marked block in a file of the user's, and nothing else."""
