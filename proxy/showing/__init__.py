"""What a person is shown of something that runs, before it runs: for cards, recordings and digests.

Literals are redacted, never text: what decides what happens stands there whole, or the statement is unreviewable.
"""
