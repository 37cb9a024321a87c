"""The round trips of a sign-in with an OpenID provider; what comes of them is access.identity.oidc's to judge."""
