"""What every shape of gatepass.yml is made of: immutable parts, names, and references to secrets. Pure."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from access.policy.values.complaint import complaint

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,62}$"
_SECRET_REF = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/\S+")


class Frozen(BaseModel):
    """A part of the policy: immutable, strict about unknown keys, and silent about values in its errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_by_name=True)


def _is_secret_ref(value: str) -> str:
    if not _SECRET_REF.fullmatch(value):
        raise complaint(
            "is not a reference to a secret: write env:NAME or file:/absolute/path, never the secret itself"
        )
    return value


#: Names of resources, roles, people, groups and rules: they stand in usernames, commands and audit lines.
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
#: `env:NAME` or `file:/path`; access.secrets fetches it when it is needed.
SecretRef = Annotated[str, AfterValidator(_is_secret_ref)]
#: Filled in from the key under which the part stands.
NameOfKey = Annotated[SkipJsonSchema[str], Field(default="", exclude=True, repr=True)]
#: Nothing but true and false: other words stay words in this file.
Switch = Annotated[bool, Field(strict=True)]
