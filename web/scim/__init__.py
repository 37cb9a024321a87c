"""The endpoints at which providers provision people (SCIM 2.0): requests read, proven and answered."""

from typing import Final

#: The name of their route: no browser's requests.
PROVISIONING: Final = "scim"
