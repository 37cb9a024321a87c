"""What the bot is told when it is built. Nothing here is read from the environment."""

from dataclasses import dataclass

from pydantic import SecretStr

from access.addresses import Addresses


@dataclass(frozen=True)
class BotSettings:
    """Tokens, where Slack is, and the gateway's addresses as people see them."""

    #: xoxb-…, from the app's "OAuth & Permissions".
    bot_token: SecretStr
    #: xapp-… with connections:write, from the app's "Basic Information".
    app_token: SecretStr
    addresses: Addresses
    #: None is Slack itself; a local simulator otherwise.
    api_base_url: str | None = None
    #: Socket Mode connections. Two, so that one may be renewed or lost; Slack allows ten.
    sockets: int = 2
    #: An HTTP proxy for everything that goes to Slack. HTTPS_PROXY and its kin are deliberately not read.
    proxy: str | None = None
