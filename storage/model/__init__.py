"""What is true: the tables, which are also the domain types. No mirror classes stand beside them.

`table=True` skips pydantic's validation, so values are checked where they enter (policy file, Slack, wire) and once
more by the CHECK constraints here. Enumerations are stored as their text, so that a dump reads without this code.
"""

from storage.model.audit import AuditCheckpoint, AuditEvent, AuditLeaf, AuditPending
from storage.model.browser import BrowserEnd, BrowserSession
from storage.model.grant import Grant
from storage.model.policy import PolicyInForce, PolicyVersion
from storage.model.post import Post, PostPurpose, PostSubject
from storage.model.principal import Identity, IdentityProvider, Principal, PrincipalKind
from storage.model.request import AccessRequest, Decision, RequestState, Review, ReviewDecision
from storage.model.session import EndReason, Protocol, ProxyInstance, RecordingSegment, Session, SessionState
from storage.model.statement import HoldState, Statement, VerdictKind

__all__ = [
    "AccessRequest",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditLeaf",
    "AuditPending",
    "BrowserEnd",
    "BrowserSession",
    "Decision",
    "EndReason",
    "Grant",
    "HoldState",
    "Identity",
    "IdentityProvider",
    "PolicyInForce",
    "PolicyVersion",
    "Post",
    "PostPurpose",
    "PostSubject",
    "Principal",
    "PrincipalKind",
    "Protocol",
    "ProxyInstance",
    "RecordingSegment",
    "RequestState",
    "Review",
    "ReviewDecision",
    "Session",
    "SessionState",
    "Statement",
    "VerdictKind",
]
