"""A command line as a person is shown it: literal words of bash's tree hidden, and proof that nothing else is."""
