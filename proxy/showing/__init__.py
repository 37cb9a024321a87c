"""What a person is shown of a statement, and whether that is all of what runs. Pure.

Literals that may be secrets are replaced by what says so; nothing that runs ever is. Where that cannot be had, the
statement is unreviewable: it says why, and nobody is asked to approve it.
"""
