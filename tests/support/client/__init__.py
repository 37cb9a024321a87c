"""An engineer at a terminal, as tests need one."""
