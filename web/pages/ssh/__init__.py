"""Pages about how people let their ssh in: links of connections that wait, and keys of their own."""
