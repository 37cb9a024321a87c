"""Provisioning by SCIM 2.0 (RFC 7643, 7644): what a provider tells of its users and groups, and what follows here."""
