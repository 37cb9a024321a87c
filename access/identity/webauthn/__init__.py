"""WebAuthn as a relying party sees it (W3C Web Authentication, level 3): bytes of a browser in, what they prove out."""
