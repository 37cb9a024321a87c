"""What a command line would run, before it runs: the analysis of exec requests.

`analysis.analyse` reads with bash's grammar and answers in labels. It refuses to guess: what it cannot read is
`unparseable`, what only the running shell will know is `dynamic_command`. It is no sandbox: a program that is allowed
may run another one (`awk`, `python -c`, `make`, an editor), so a role that must be tight lists what it allows and
denies the rest.
"""
