"""Texts: what one query string asks for, what its EXECUTEs run, and texts that share an analysis. Pure."""
