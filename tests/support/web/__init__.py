"""The pages as tests serve and open them."""
