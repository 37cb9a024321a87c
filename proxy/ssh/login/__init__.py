"""How SSH clients let themselves in: what each method of the protocol brings, read to one credential."""
