"""The rules of the house that no ready-made tool holds: rooms, circles, twins. Run by `make check`.

Each rule is a function from a tree to its findings. Nothing here changes a file, except `--write`, which counts the
table of rooms again.
"""
