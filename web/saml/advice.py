"""What `gatepass check` says of SAML metadata in files: whether people can sign in by them, for all it sees.

Addresses are not asked: the check may run where they cannot be reached.
"""

from collections.abc import Iterator
from datetime import datetime

from access.identity.saml.protocol.metadata import IdpMetadata, NotAnIdp
from access.policy.advice import Advice, Weight
from access.policy.document import PolicyDocument
from access.policy.shapes.providers import SamlProvider
from web.oidc.fetching import ProviderSilent
from web.saml.metadata import content, file_of


def advice(policy: PolicyDocument, now: datetime) -> Iterator[Advice]:
    """One for each provider whose file is not there, not its owner's alone, or no metadata of that entity at `now`."""
    for name, provider in policy.providers.items():
        if isinstance(provider, SamlProvider) and (why := _lacking(provider, now)) is not None:
            message = f"nobody can sign in at {name}: {why}"
            yield Advice(("providers", name, "saml", "metadata"), Weight.WARNING, message)


def _lacking(provider: SamlProvider, now: datetime) -> str | None:
    path = file_of(provider)
    if path is None:
        return None
    try:
        IdpMetadata.read(content(path), provider.saml.entity_id, now)
    except FileNotFoundError:
        return f"{path} is not there. Save the provider's metadata in it."
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}). Let the user that serves the pages read it."
    except ProviderSilent as error:
        return f"it {error}."
    except NotAnIdp as error:
        return f"{path} cannot be used: {error}. Save the provider's metadata in it, as it gives them."
    return None
