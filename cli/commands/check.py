"""`gatepass check` and `gatepass schema`: a policy file looked at before it is served, here and in an editor."""

from collections.abc import Sized
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from access.policy.advice import Weight
from access.policy.file import advise, json_schema, load, writable_by_others
from cli.settings import Settings
from web.saml.advice import advice
from web.saml.xmlsec import lacking


def check(
    file: Annotated[Path | None, typer.Argument(help="The policy file; default: $GATEPASS_CONFIG.")] = None,
) -> None:
    """Check gatepass.yml: print every error with its line, or what is valid in it and probably not meant."""
    path = file or Settings.load().config
    policy = load(path)
    if who := writable_by_others(path.stat().st_mode):
        typer.echo(f"WARNING: {path} can be written by {who}; `gatepass serve` refuses it until you `chmod go-w` it.")
    now = datetime.now(UTC)
    for weight, line in advise(path, outside=lambda document: advice(document, now)):
        typer.echo(line, err=weight is Weight.WARNING)
    if (why := lacking(policy)) is not None:
        typer.echo(f"WARNING: {why}", err=True)
    typer.echo(
        f"{path} is valid: {_counted(policy.resources, 'resource')}, {_counted(policy.people, 'person', 'people')}, "
        f"{_counted(policy.policy, 'rule')}. Policy {policy.hash[:12]}."
    )


def _counted(what: Sized, one: str, several: str = "") -> str:
    return f"{len(what)} {one if len(what) == 1 else several or f'{one}s'}"


def schema() -> None:
    """Print the JSON Schema of gatepass.yml, for editors."""
    typer.echo(json_schema(), nl=False)
