"""What a command line keeps on this machine: the servers it knows, and its sign-in at each."""
