"""Access as a command line has it: chosen, asked for, waited for, shown, ended."""
