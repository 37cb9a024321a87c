"""The workspace as a web page, in `static` and `templates`. Acts through the control API alone."""
