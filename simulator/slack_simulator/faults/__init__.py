"""What goes wrong on purpose: which faults there are, and which are at work. Pure; others do the harm."""
