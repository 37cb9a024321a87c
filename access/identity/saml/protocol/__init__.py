"""SAML 2.0 as a service provider sees it: messages, signatures, metadata, as values. Pure."""
