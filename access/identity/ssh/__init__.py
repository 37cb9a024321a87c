"""What people let themselves in with by SSH: certificates of Gatepass's own, keys of theirs, and their browser."""
