"""What is true: the tables, which are also the domain types. No mirror classes stand beside them.

`table=True` skips pydantic's validation, so values are checked where they enter (policy file, Slack, wire) and once
more by the CHECK constraints here. Enumerations are stored as their text, so that a dump reads without this code.
"""

from storage.model.audit import AuditCheckpoint, AuditEvent, AuditLeaf, AuditPending
from storage.model.draft import AskDraft
from storage.model.grant import Grant
from storage.model.people.browser import BrowserEnd, BrowserSession, SignInKind
from storage.model.people.credential import CredentialKind, IssuedCredential
from storage.model.people.link import SlackLink
from storage.model.people.principal import (
    SIGN_IN_PROVIDERS,
    DirectoryState,
    GivenBy,
    Identity,
    IdentityProvider,
    Principal,
    PrincipalKind,
)
from storage.model.people.saml import SamlAnswer, SamlSeen
from storage.model.people.scim import ScimGroup, ScimMember, ScimUser
from storage.model.people.security_key import KeyEnd, SecurityKey
from storage.model.people.sign_in_code import SignInCode, SignInCodeKind
from storage.model.people.ssh_credential import LoginState, SshCertificate, SshKey, SshKeyText, SshLogin
from storage.model.people.touch import Touch, TouchPurpose, WantedTouch
from storage.model.policy import PolicyInForce, PolicyVersion
from storage.model.post import Post, PostPurpose, PostSubject
from storage.model.request import AccessRequest, Decision, RequestState, Review, ReviewDecision
from storage.model.session import EndReason, Protocol, ProxyInstance, RecordingSegment, Session, SessionState
from storage.model.statement import HoldState, Statement, VerdictKind

__all__ = [
    "SIGN_IN_PROVIDERS",
    "AccessRequest",
    "AskDraft",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditLeaf",
    "AuditPending",
    "BrowserEnd",
    "BrowserSession",
    "CredentialKind",
    "Decision",
    "DirectoryState",
    "EndReason",
    "GivenBy",
    "Grant",
    "HoldState",
    "Identity",
    "IdentityProvider",
    "IssuedCredential",
    "KeyEnd",
    "LoginState",
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
    "SamlAnswer",
    "SamlSeen",
    "ScimGroup",
    "ScimMember",
    "ScimUser",
    "SecurityKey",
    "Session",
    "SessionState",
    "SignInCode",
    "SignInCodeKind",
    "SignInKind",
    "SlackLink",
    "SshCertificate",
    "SshKey",
    "SshKeyText",
    "SshLogin",
    "Statement",
    "Touch",
    "TouchPurpose",
    "VerdictKind",
    "WantedTouch",
]
