"""What a provider sends, read: a user or a group to be, and operations on a user. Pure."""

from typing import Any, Final, TypeVar

from pydantic import ValidationError
from scim2_models import Context, PatchOp, Resource, SCIMException, ScimFilter

from access.identity.scim.protocol import problems
from access.identity.scim.protocol.problems import Problem
from access.identity.scim.protocol.resources import POLICY, Group, User

ResourceT = TypeVar("ResourceT", bound=Resource[Any])

MAX_FILTER_CHARS: Final = 2_000
MAX_OPERATIONS: Final = 1_000
MAX_PATH_CHARS: Final = 1_000


def created(model: type[ResourceT], body: object) -> ResourceT:
    """A resource that is to be made. Raises Problem."""
    return _read(model, body, Context.RESOURCE_CREATION_REQUEST)


def replaced(model: type[ResourceT], body: object, stored: ResourceT) -> ResourceT:
    """What is to take the place of `stored`. Raises Problem."""
    said = _read(model, body, Context.RESOURCE_REPLACEMENT_REQUEST)
    try:
        said.replace(stored)
    except (ValidationError, SCIMException) as error:
        raise problems.of(error) from error
    return said


def patched(body: object, stored: User) -> User:
    """`stored` after the operations of a PATCH, which it keeps itself if one of them fails. Raises Problem."""
    operations(body)
    changed = stored.model_copy(deep=True)
    try:
        patch = PatchOp[User].model_validate(body, scim_policy=POLICY, scim_ctx=Context.RESOURCE_PATCH_REQUEST)
        patch.patch(changed, scim_policy=POLICY)
        # What the library wrote part by part is held to the bounds of the whole.
        return stored_as(User, changed.model_dump())
    except (ValidationError, SCIMException) as error:
        raise problems.of(error) from error


def stored_as(model: type[ResourceT], document: dict[str, Any]) -> ResourceT:
    """A resource out of storage."""
    return model.model_validate(document, scim_policy=POLICY)


def operations(body: object) -> list[dict[str, Any]]:
    """The operations of a PATCH, each with its members as they came. Raises Problem."""
    by_name = {str(key).lower(): value for key, value in body.items()} if isinstance(body, dict) else {}
    found = by_name.get("operations")
    if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
        raise Problem(400, "There are no Operations in it.", "invalidSyntax")
    if len(found) > MAX_OPERATIONS:
        raise Problem(413, f"More than {MAX_OPERATIONS} operations at once.")
    for each in found:
        path = each.get("path")
        if isinstance(path, str) and len(path) > MAX_PATH_CHARS:
            raise Problem(400, f"A path has more than {MAX_PATH_CHARS} characters.", "invalidPath")
    return found


def user_filter(text: str) -> ScimFilter[User]:
    """Raises Problem."""
    return _filter(ScimFilter[User], text)


def group_filter(text: str) -> ScimFilter[Group]:
    """Raises Problem."""
    return _filter(ScimFilter[Group], text)


def _filter(kind: Any, text: str) -> Any:
    if len(text) > MAX_FILTER_CHARS:
        raise Problem(400, f"The filter has more than {MAX_FILTER_CHARS} characters.", "invalidFilter")
    try:
        return kind(text)
    except SCIMException as error:
        raise problems.of(error) from error


def _read(model: type[ResourceT], body: object, context: Context) -> ResourceT:
    try:
        return model.model_validate(body, scim_policy=POLICY, scim_ctx=context)
    except (ValidationError, SCIMException) as error:
        raise problems.of(error) from error
