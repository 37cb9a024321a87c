"""How the audit log names those who act."""

from storage.model import Principal


def actor(principal: Principal | None) -> str:
    """`human:alice`, `agent:deployer`; None is the gateway itself."""
    return f"{principal.kind.value}:{principal.name}" if principal is not None else "gatepass"
