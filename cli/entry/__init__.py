"""What `gatepass` is before it is a command of either kind."""
