"""SCIM's resources and messages as values: read, patched and written. Pure; the library is scim2-models."""
