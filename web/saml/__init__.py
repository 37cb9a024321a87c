"""SAML providers as this process knows them: our key, their metadata, signatures; access.identity.saml judges them."""
