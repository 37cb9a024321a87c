"""What is no client certificate of ours: refused with a sentence where it says that it is, else as if there were none.

Whoever shows somebody else's certificate is asked for a password, as everybody is who shows none.
"""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from access.certificates.reading import MAX_BYTES, SENTENCES, CertificateProblem
from access.grants import grants
from proxy.authority import Authority
from support.identity.certificates import CLIENT, SERVER, Forger, Shown, another_grant, name, new_key
from support.postgres import Door

PASSWORD, NO_TLS = "password", "no TLS"
Make = Callable[[Forger], Awaitable[Shown]]


def by(**draft: Any) -> Make:
    """By our authority's own key, and known to storage."""

    async def make(forger: Forger) -> Shown:
        drafted = forger.draft(**draft)
        made = drafted.made()
        await forger.keep(made)
        return forger.written("forged", drafted.key, made)

    return make


async def self_signed(forger: Forger) -> Shown:
    key = new_key()
    return forger.forged("x", key=key, signed_by=key, issuer=name(forger.alice.name))


async def of_another_authority(forger: Forger) -> Shown:
    return forger.forged("x", signed_by=new_key(), issuer=name("Another CA"))


async def of_an_authority_called_alike(forger: Forger) -> Shown:
    return forger.forged("x", signed_by=new_key())


async def of_the_servers_authority(forger: Forger) -> Shown:
    return forger.forged("x", signed_by=forger.server_key, issuer=name("Gatepass CA"))


async def of_the_servers_authority_called_ours(forger: Forger) -> Shown:
    return forger.forged("x", signed_by=forger.server_key)


async def the_servers_own(forger: Forger) -> Shown:
    pem = Authority(forger.server_ca.parent).issue(["127.0.0.1"])
    shown = Shown(forger.folder / "server.crt", forger.folder / "server.key")
    key, begin, rest = pem.partition(b"-----BEGIN CERTIFICATE-----")
    shown.key.write_bytes(key)
    shown.certificate.write_bytes(begin + rest)
    return shown


async def our_authority_itself(forger: Forger) -> Shown:
    return forger.written("ca", forger.authority_key, forger.authority)


async def changed(forger: Forger) -> Shown:
    """A good one whose door is another, with the signature that it had."""
    shown, given = await forger.good()
    other = given.certificate.replace(b"gatepass://read@db/", b"gatepass://reax@db/")
    assert other != given.certificate
    shown.certificate.write_text(ssl.DER_cert_to_PEM_cert(other))
    return shown


async def of_a_good_ones_number(forger: Forger) -> Shown:
    _, given = await forger.good()
    return forger.forged("x", subject=forger.subject(given.id))


async def of_no_number(forger: Forger) -> Shown:
    return forger.forged("x")


async def of_an_intermediate(forger: Forger) -> Shown:
    key = new_key()
    between = forger.draft(key=key, is_authority=True, subject=forger.subject(person="Between")).made()
    drafted = forger.draft(signed_by=key, issuer=between.subject)
    await forger.keep(drafted.made())
    return forger.written("x", drafted.key, drafted.made(), between, forger.authority)


async def of_an_intermediate_called_alike(forger: Forger) -> Shown:
    key = new_key()
    between = forger.draft(key=key, is_authority=True).made()
    drafted = forger.draft(signed_by=key)
    return forger.written("x", drafted.key, drafted.made(), between, forger.authority)


async def of_a_thousand(forger: Forger) -> Shown:
    drafted = forger.draft()
    more = forger.draft(subject=forger.subject(person="More")).made()
    return forger.written("x", drafted.key, drafted.made(), *[more] * 999)


async def behind_others(forger: Forger) -> Shown:
    """A good one in the chain, and not at its head, where the key is proven."""
    key = new_key()
    drafted = forger.draft(key=key, signed_by=key, issuer=name("me"))
    _, given = await forger.good()
    return forger.written("x", key, drafted.made(), x509.load_der_x509_certificate(given.certificate))


async def revoked_by_operators(forger: Forger) -> Shown:
    shown, _ = await forger.good()
    await forger.change("UPDATE issued_credential SET revoked_at = now()")
    return shown


async def of_a_revoked_access(forger: Forger) -> Shown:
    shown, _ = await forger.good()
    await grants.revoke(forger.access, forger.grant.id, None, "done")
    return shown


async def over_in_storage(forger: Forger) -> Shown:
    shown, _ = await forger.good()
    await forger.change("UPDATE issued_credential SET issued_at = now() - interval '1 hour', expires_at = now()")
    return shown


def subject_of(**other: Any) -> Make:
    """Signed by our authority over another subject than storage has."""

    async def make(forger: Forger) -> Shown:
        _, given = await forger.good()
        return forger.forged("x", subject=forger.subject(given.id, **other))

    return make


def uris(*changes: Callable[[str], str]) -> Make:
    async def make(forger: Forger) -> Shown:
        return await by(uris=tuple(change(forger.subject().uri) for change in changes))(forger)

    return make


P = CertificateProblem
CASES: dict[str, tuple[Make, str]] = {
    "self-signed with the same subject": (self_signed, PASSWORD),
    "of another authority": (of_another_authority, PASSWORD),
    "of the servers' authority": (of_the_servers_authority, PASSWORD),
    "the gateway's own as a server": (the_servers_own, PASSWORD),
    "of an intermediate that our authority signed": (of_an_intermediate, PASSWORD),
    "a good one behind another": (behind_others, PASSWORD),
    "of an authority called as ours": (of_an_authority_called_alike, SENTENCES[P.BAD_SIGNATURE]),
    "of the servers' authority, called ours": (of_the_servers_authority_called_ours, SENTENCES[P.BAD_SIGNATURE]),
    "of an intermediate called as ours": (of_an_intermediate_called_alike, SENTENCES[P.BAD_SIGNATURE]),
    "changed after it was signed": (changed, SENTENCES[P.BAD_SIGNATURE]),
    "our authority's own": (our_authority_itself, SENTENCES[P.NO_CLIENT]),
    "no purpose": (by(purposes=None), SENTENCES[P.NO_CLIENT]),
    "for servers": (by(purposes=(SERVER,)), SENTENCES[P.NO_CLIENT]),
    "for servers too": (by(purposes=(CLIENT, SERVER)), SENTENCES[P.NO_CLIENT]),
    "an authority": (by(is_authority=True), SENTENCES[P.NO_CLIENT]),
    "without extensions": (by(plain=True), SENTENCES[P.NO_CLIENT]),
    "no address of a door": (uris(lambda _: "https://example.com"), SENTENCES[P.OTHER_CONTENT]),
    "two addresses": (uris(str, str), SENTENCES[P.OTHER_CONTENT]),
    "another number in its address": (uris(lambda uri: uri[:-1] + "0"), SENTENCES[P.OTHER_CONTENT]),
    "more behind its address": (uris(lambda uri: uri + "/"), SENTENCES[P.OTHER_CONTENT]),
    "capitals in its address": (uris(str.upper), SENTENCES[P.OTHER_CONTENT]),
    "another serial number than it says": (by(serial=5), SENTENCES[P.OTHER_CONTENT]),
    "unknown number": (of_no_number, SENTENCES[P.UNKNOWN]),
    "a good one's number over another key": (of_a_good_ones_number, SENTENCES[P.UNKNOWN]),
    "another role": (subject_of(role="owner"), SENTENCES[P.UNKNOWN]),
    "another resource": (subject_of(resource="db2"), SENTENCES[P.UNKNOWN]),
    "another grant": (subject_of(grant=another_grant()), SENTENCES[P.UNKNOWN]),
    "another person": (subject_of(person="bob"), SENTENCES[P.UNKNOWN]),
    "expired": (by(begins=timedelta(minutes=-9), ends=timedelta(minutes=-1)), SENTENCES[P.EXPIRED]),
    "over in storage": (over_in_storage, SENTENCES[P.EXPIRED]),
    "not yet": (by(begins=timedelta(minutes=2)), SENTENCES[P.NOT_YET_VALID]),
    "revoked": (revoked_by_operators, SENTENCES[P.REVOKED]),
    "of a revoked access": (of_a_revoked_access, "This access was revoked by"),
    "huge": (by(padding=50_000), SENTENCES[P.MALFORMED]),
    "over the bound by little": (by(padding=MAX_BYTES), SENTENCES[P.MALFORMED]),
    "larger than TLS takes": (by(padding=200_000), NO_TLS),
    "a thousand": (of_a_thousand, NO_TLS),
}


@pytest.mark.parametrize("what", CASES)
async def test_it_opens_nothing(forger: Forger, told: Any, door: Door, what: str) -> None:
    make, says = CASES[what]
    assert (await told(await make(forger))).startswith(says)
    held = await door.granted("owner")
    connection = await door.connect("owner", password=held.token)
    assert await connection.fetchval("select 1") == 1, "others are let in as ever"
    await connection.close()


@pytest.mark.parametrize("what", ["expired", "for servers", "unknown number", "of an authority called as ours"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("direct", [False, True])
async def test_by_whatever_way_it_comes(
    forger: Forger, told: Any, what: str, version: ssl.TLSVersion, *, direct: bool
) -> None:
    make, says = CASES[what]
    shown = await make(forger)
    assert (await told(shown, direct=direct, minimum_version=version, maximum_version=version)).startswith(says)


async def test_a_good_one_at_another_door(forger: Forger, told: Any, door: Door) -> None:
    shown, _ = await forger.good()
    await door.granted("owner")
    said = await told(shown, "owner@db")
    assert said == "This certificate opens read@db, not owner@db. Connect as that user, or without it."
    assert await told(shown) == "in"


# --- other people's, which libpq sends by itself ------------------------------------------------------------------


def _own(forger: Forger, key: Any, **draft: Any) -> Shown:
    drafted = forger.draft(**({"key": key, "signed_by": key, "issuer": name("Corp CA")} | draft))
    return forger.written("own", key, drafted.made())


OTHERS: dict[str, Callable[[Forger], Shown]] = {
    "P-256": lambda forger: _own(forger, new_key()),
    "P-384": lambda forger: _own(forger, ec.generate_private_key(ec.SECP384R1())),
    "RSA": lambda forger: _own(forger, rsa.generate_private_key(65537, 2048)),
    "Ed25519": lambda forger: _own(forger, ed25519.Ed25519PrivateKey.generate()),
    "expired": lambda forger: _own(forger, new_key(), begins=timedelta(days=-9), ends=timedelta(days=-1)),
    "of the future": lambda forger: _own(forger, new_key(), begins=timedelta(days=9), ends=timedelta(days=10)),
    "for servers": lambda forger: _own(forger, new_key(), purposes=(SERVER,)),
    "an authority": lambda forger: _own(forger, new_key(), is_authority=True),
    "no extensions": lambda forger: _own(forger, new_key(), plain=True),
    "large": lambda forger: _own(forger, new_key(), padding=30_000),
    "a subject like ours": lambda forger: _own(forger, new_key(), subject=replace(forger.subject(), person="alice")),
}


@pytest.mark.parametrize("what", OTHERS)
async def test_psql_with_a_certificate_of_somebody_elses_signs_in_with_its_token(
    forger: Forger, door: Door, what: str
) -> None:
    own = OTHERS[what](forger)
    held = await door.granted("read")
    words = own.words | {"password": held.token}
    assert await door.psql("read", "-c", "select 1", **words) == (0, "1\n", "")
    status, _, err = await door.psql("read", "-c", "select 1", **(words | {"password": "wrong"}))
    assert (status, "no Gatepass token" in err) == (2, True), err


async def test_psql_finds_one_in_its_folder_and_signs_in_with_its_token(forger: Forger, door: Door) -> None:
    own, held = OTHERS["RSA"](forger), await door.granted("read")
    folder = forger.folder / ".postgresql"
    folder.mkdir()
    own.certificate.rename(folder / "postgresql.crt")
    own.key.rename(folder / "postgresql.key")
    child = await door.children.start(
        "psql",
        *("-X", "-Atc", "select 1", "--no-password"),
        f"host=127.0.0.1 port={door.port} user=read@db dbname=payments sslmode=verify-full sslrootcert={door.ca_file}",
        env={"PATH": "/usr/bin:/bin", "HOME": str(forger.folder), "PGPASSWORD": held.token},
    )
    out, err = await child.communicate()
    assert (child.returncode, out.decode(), err.decode()) == (0, "1\n", "")


async def test_clients_that_choose_are_told_which_authority_is_meant(forger: Forger, door: Door) -> None:
    child = await door.children.start(
        "openssl",
        *("s_client", "-connect", f"127.0.0.1:{door.port}", "-starttls", "postgres", "-CAfile", str(door.ca_file)),
        env={"PATH": "/usr/bin:/bin"},
    )
    out, _ = await child.communicate(b"")
    assert "Acceptable client certificate CA names\nCN = Gatepass client CA" in out.decode()
    assert forger.authority.public_bytes(serialization.Encoding.PEM) not in out
