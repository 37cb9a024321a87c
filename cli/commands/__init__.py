"""The operator's commands, a module each: loaded by cli.main when they are asked for."""
