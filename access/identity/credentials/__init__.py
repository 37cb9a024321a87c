"""What Gatepass issues for the gateway's doors and must ask storage about: short tokens, and certificates."""
