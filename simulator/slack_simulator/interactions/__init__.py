"""What people do in a workspace, and what comes of it. Knows no HTTP: the control API and tests act through it."""
