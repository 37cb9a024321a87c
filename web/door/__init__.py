"""What every request of a browser passes before it reaches a page."""
