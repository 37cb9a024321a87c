"""`gatepass people …`: who is somebody here, and what is ended for those who lost a laptop or a key."""
