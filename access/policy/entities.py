"""Entities: kinds of sensitive value that can be told by their content, as policies name them. Pure.

Listed once, here, each with a line below that says what it is; proxy.masking has a detector for each, and
docs/policy.md shows the lines.
"""

from enum import StrEnum


class Entity(StrEnum):
    """A kind of sensitive value that can be told by its content."""

    PAN = "pan"
    """a payment card's number"""
    CVV = "cvv"
    """a card's verification code beside its label"""
    EMAIL = "email"
    """an e-mail address"""
    PHONE = "phone"
    """a telephone number with its country code"""
    IBAN = "iban"
    """an international bank account number"""
    SSN = "ssn"
    """a United States social security number"""
    AWS_KEY = "aws_key"
    """an AWS access key, id or secret"""
    GITHUB_TOKEN = "github_token"  # noqa: S105 - a name, as are the next two
    """a GitHub token"""
    GATEPASS_TOKEN = "gatepass_token"  # noqa: S105
    """a short token of Gatepass's own"""
    JWT = "jwt"
    """a JSON Web Token"""
    PRIVATE_KEY = "private_key"
    """a private key in PEM"""
    PASSWORD = "password"  # noqa: S105
    """a password beside its label"""
    SECRET = "secret"  # noqa: S105
    """a secret or an API key beside its label"""
