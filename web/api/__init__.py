"""What programs ask for, as JSON: by the secret of a command line, and never by a cookie."""
