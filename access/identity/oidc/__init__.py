"""OpenID Connect as a relying party sees it: what a provider says of itself, its keys, and its ID tokens. Pure."""
