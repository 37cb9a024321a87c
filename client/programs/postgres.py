"""What libpq is told by its environment to connect by a grant: where, as whom, whom to trust, and the token. Pure."""

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


def environment(around: Mapping[str, str], connect: Json, ca_file: str, token: str) -> dict[str, str]:
    """The environment of one program, from the one around: nothing of it leads elsewhere."""
    own = {_VARIABLES[name]: value for name, value in settings(connect, ca_file).items()}
    kept = {name: value for name, value in around.items() if name not in _OTHERS}
    if "PGDATABASE" not in own:
        kept.pop("PGDATABASE", None)
    return {**kept, **own, "PGPASSWORD": token}


def password_line(connect: Json, token: str) -> str:
    """A line of a password file (PostgreSQL docs, "The Password File")."""
    database = str(connect.get("database") or "*")
    fields = (str(connect["host"]), str(connect["port"]), database, str(connect["user"]), token)
    return ":".join(each.replace("\\", "\\\\").replace(":", "\\:") for each in fields)
