"""The authority for clients' certificates, what it signs, and what a certificate says that it signed. No storage."""
