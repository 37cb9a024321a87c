"""Sign-in by SAML: proofs kept until the browser takes them, and messages that count once."""
