"""Logout requests of a SAML provider, by hand and unsigned or signed as XML, as forms have them."""

import base64

from support.identity.saml import PERSISTENT, SAML_NS, USUAL, Keys, Signing, at, sign, template
from support.web.saml_stage import SamlStage


def request(saml: SamlStage, **said: str) -> str:
    """One by hand, unsigned; `said` is in it instead."""
    value = {
        "id": "_logout",
        "version": "2.0",
        "issued": at(),
        "destination": saml.ours.sign_out,
        "issuer": saml.idp.entity_id,
        "name": f'<saml:NameID Format="{PERSISTENT}">u-alice</saml:NameID>',
        "sessions": "",
        "signature": "",
        "more": "",
        **said,
    }
    return (
        f'<samlp:LogoutRequest {SAML_NS} ID="{value["id"]}" Version="{value["version"]}"'
        f' IssueInstant="{value["issued"]}" Destination="{value["destination"]}"{value["more"]}>'
        f"<saml:Issuer>{value['issuer']}</saml:Issuer>{value['signature']}{value['name']}{value['sessions']}"
        "</samlp:LogoutRequest>"
    )


def posted(saml: SamlStage, signing: Signing = USUAL, by: Keys | None = None, **said: str) -> dict[str, str]:
    """One that is signed as XML."""
    made = request(saml, signature=template(said.get("id", "_logout"), signing), **said)
    signed = sign(f"<?xml version='1.0'?>\n{made}", by or saml.idp.by, "protocol:LogoutRequest")
    return {"SAMLRequest": base64.b64encode(signed.encode()).decode(), "RelayState": "back"}


def index(*names: str) -> str:
    """The sessions that one names."""
    return "".join(f"<samlp:SessionIndex>{each}</samlp:SessionIndex>" for each in names)
