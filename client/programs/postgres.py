"""What libpq is told by its environment to connect by a grant: where, as whom, whom to trust, what lets in. Pure."""

from collections.abc import Mapping
from typing import Final

from client.api import Json

#: What would lead libpq elsewhere, or bring what the gateway refuses.
_OTHERS: Final = frozenset(
    {
        "PGSERVICE",
        "PGSERVICEFILE",
        "PGHOSTADDR",
        "PGPASSFILE",
        "PGOPTIONS",
        "PGREQUIREAUTH",
        "PGCHANNELBINDING",
        "PGSSLCERT",
        "PGSSLKEY",
        "PGSSLCERTMODE",
        "PGPASSWORD",
        "PGSSLCRL",
        "PGSSLCRLDIR",
        "PGSSLNEGOTIATION",
        "PGTARGETSESSIONATTRS",
        "PGLOADBALANCEHOSTS",
        "PGREQUIRESSL",
    }
)


def settings(connect: Json, ca_file: str) -> dict[str, str]:
    """libpq's settings by their names, without the token: TLS that is verified, by the gateway's own authority."""
    said = {
        "host": str(connect["host"]),
        "port": str(connect["port"]),
        "user": str(connect["user"]),
        "sslmode": "verify-full",
        "sslrootcert": ca_file,
        "gssencmode": "disable",
    }
    if connect.get("database"):
        said["dbname"] = str(connect["database"])
    return said


_VARIABLES: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "gssencmode": "PGGSSENCMODE",
}


def environment(
    around: Mapping[str, str],
    connect: Json,
    ca_file: str,
    *,
    token: str | None = None,
    files: tuple[str, str] | None = None,
) -> dict[str, str]:
    """The environment of one program, from the one around: nothing of it leads elsewhere.

    It lets itself in with the token, or with the certificate and the key in `files`; then nothing in it is secret.
    """
    own = {_VARIABLES[name]: value for name, value in settings(connect, ca_file).items()}
    kept = {name: value for name, value in around.items() if name not in _OTHERS}
    if "PGDATABASE" not in own:
        kept.pop("PGDATABASE", None)
    if files is not None:
        return {**kept, **own, "PGSSLCERT": files[0], "PGSSLKEY": files[1]}
    return {**kept, **own, "PGPASSWORD": token or ""}


def password_line(connect: Json, token: str) -> str:
    """A line of a password file (PostgreSQL docs, "The Password File")."""
    database = str(connect.get("database") or "*")
    fields = (str(connect["host"]), str(connect["port"]), database, str(connect["user"]), token)
    return ":".join(each.replace("\\", "\\\\").replace(":", "\\:") for each in fields)
