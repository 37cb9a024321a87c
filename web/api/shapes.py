"""Rows as JSON. Pure. Moments are RFC 3339 in UTC, durations seconds: nobody's clock but storage's is compared."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never

from access.addresses import Addresses, server_of
from access.policy.policy import Offer, Policy
from access.policy.resources import Resource
from access.policy.shapes.credentials import POSTGRES, ClientCredential
from access.policy.shapes.upstreams import PostgresUpstream
from storage.model import AccessRequest, Grant, Protocol

Json = dict[str, Any]


def standing(subject: Grant | AccessRequest) -> Json:
    """What somebody has or waits for already."""
    kind = "grant" if isinstance(subject, Grant) else "request"
    return {"kind": kind, "id": str(subject.id), "resource": subject.resource, "role": subject.role}


def request(row: AccessRequest, *, asker: str, approvals: Sequence[str], by: str | None, grant: Grant | None) -> Json:
    """`approvals` are names; `by` is who decided, None for the policy and the clock."""
    return {
        "id": str(row.id),
        "resource": row.resource,
        "role": row.role,
        "duration_s": row.duration_s,
        "reason": row.reason,
        "ticket": row.ticket,
        "state": row.state.value,
        "decision": row.decision.value,
        "why": row.decision_reason,
        "quorum": row.quorum,
        "reviewers": [name for name in row.reviewers if name != asker],
        "approvals": list(approvals),
        "decided_by": by,
        "created_at": row.created_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "revision": row.revision,
        "grant": str(grant.id) if grant is not None else None,
    }


def grant(
    row: Grant,
    resource: Resource | None,
    addresses: Addresses,
    why_not: str | None,
    now: datetime,
    *,
    takes_certificates: bool = False,
) -> Json:
    """`why_not` is why the policy lets nobody in by it any more."""
    usable = resource is not None and why_not is None
    return {
        "id": str(row.id),
        "resource": row.resource,
        "role": row.role,
        "type": resource.type.value if resource is not None else None,
        "expires_at": row.expires_at.isoformat(),
        "left_s": max(0, int((row.expires_at - now).total_seconds())),
        "connect": connect(resource, row.role, addresses) if usable and resource is not None else None,
        "accepts": accepted(resource, row.role, takes_certificates=takes_certificates) if usable else [],
        "why_not": why_not,
    }


def connect(resource: Resource, role: str, addresses: Addresses) -> Json:
    """Where its clients go, and as whom."""
    user = f"{role}@{resource.name}"
    match resource.type:
        case Protocol.POSTGRES:
            upstream = resource.upstream
            database = upstream.database if isinstance(upstream, PostgresUpstream) else None
            where = {"host": addresses.postgres_host, "port": addresses.postgres_port}
            return {**where, "user": user, "database": database}
        case Protocol.SSH:
            return {"host": addresses.ssh_host, "port": addresses.ssh_port, "user": user}
        case Protocol.KUBERNETES:
            return {
                "host": addresses.kubernetes_host,
                "port": addresses.kubernetes_port,
                "user": user,
                "server": server_of(addresses, resource),
            }
        case _:
            assert_never(resource.type)


def accepted(resource: Resource | None, role: str, *, takes_certificates: bool) -> list[str]:
    """What its clients may let themselves in with, as far as the protocol and this gateway can take it."""
    if resource is None:
        return []
    kinds = set(resource.roles[role].accepts)
    if resource.type is Protocol.POSTGRES:
        kinds &= POSTGRES
        if not takes_certificates:
            kinds.discard(ClientCredential.CERTIFICATE)
    return [each.value for each in ClientCredential if each in kinds]


def offer(each: Offer, policy: Policy) -> Json:
    """One thing that may be asked for, and what it takes."""
    takes, resource = each.requirement, policy.resources[each.resource]
    return {
        "resource": each.resource,
        "role": each.role,
        "type": resource.type.value,
        "description": resource.description or "",
        "decision": takes.decision.value,
        "quorum": takes.quorum,
        "reviewers": sorted(takes.reviewers),
        "maximum_s": takes.maximum_s,
        "requires": takes.requires.sentence if takes.requires is not None else None,
    }
