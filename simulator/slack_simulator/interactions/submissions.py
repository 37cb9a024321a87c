"""What people do to whole modals: submit them, and close them."""

from slack_simulator.base.json_types import JsonObject, as_object
from slack_simulator.delivery.acks import NotDelivered
from slack_simulator.delivery.delivery import Delivery
from slack_simulator.delivery.payloads import Payloads
from slack_simulator.interactions.inputs import Impossible, input_problems
from slack_simulator.interactions.outcomes import Outcome, hand_over
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.methods.views import checked_view
from slack_simulator.workspace.spec import Person
from slack_simulator.workspace.views import STACK_LIMIT, View
from slack_simulator.workspace.workspace import Workspace


class Submissions:
    """The open modals of one workspace, as people finish with them."""

    def __init__(self, workspace: Workspace, delivery: Delivery, payloads: Payloads) -> None:
        """What the app's ack says of a modal is done to the workspace's views."""
        self._workspace = workspace
        self._delivery = delivery
        self._payloads = payloads

    async def submit(self, person: Person, view: View) -> Outcome:
        """The modal's submit button, with what is filled in now. Raises Impossible if nobody could press it."""
        if view.content.get("submit") is None:
            raise Impossible(f"the modal {view.title!r} has no submit button")
        if self._workspace.views.top_of(person.slack_id) is not view:
            raise Impossible(f"the modal {view.title!r} lies under another one")
        problems = input_problems(view)
        if problems:
            return Outcome(ok=False, error="invalid_inputs", errors=problems)
        payload = self._payloads.view_submission(person, view)
        try:
            ack = await self._delivery.deliver("interactive", payload, accepts_response_payload=True)
            return self._after_submission(person, view, ack)
        except NotDelivered as missed:
            return Outcome(ok=False, error=str(missed), status=missed.status)
        except SlackError as refused:
            self._workspace.inspector.record("ack", "refused", ok=False, error=refused.code, **refused.extra)
            return Outcome(ok=False, error=refused.code, ack=refused.extra)
        finally:
            self._workspace.changes.record()

    async def close(self, person: Person, *, everything: bool = False) -> Outcome:
        """The modal's cancel button or cross; the app is told if the view asks for it."""
        view = self._workspace.views.top_of(person.slack_id)
        if view is None:
            raise Impossible(f"{person.name} has no modal open")
        clears = everything or bool(view.content.get("clear_on_close"))
        closed = list(reversed(self._workspace.views.stack_of(person.slack_id))) if clears else [view]
        if clears:
            self._workspace.views.close_all(person.slack_id)
        else:
            self._workspace.views.close_top(person.slack_id)
        self._workspace.changes.record()
        for one in closed:
            if one.content.get("notify_on_close"):
                outcome = await hand_over(self._delivery, self._payloads.view_closed(person, one, is_cleared=clears))
                if not outcome.ok:
                    return outcome
        return Outcome(ok=True)

    def _after_submission(self, person: Person, view: View, ack: JsonObject) -> Outcome:
        views = self._workspace.views
        stack = views.stack_of(person.slack_id)
        match ack.get("response_action"):
            case "update" | "push" if view not in stack:
                # The person closed it while the app thought: what comes too late opens nothing.
                return Outcome(ok=True, ack=ack, view="closed")
            case None:
                if view in stack:
                    stack.remove(view)
                return Outcome(ok=True, ack=ack, view="closed")
            case "errors":
                return Outcome(ok=False, errors=_errors_of(view, ack), error="invalid_inputs", ack=ack)
            case "clear":
                views.close_all(person.slack_id)
                return Outcome(ok=True, ack=ack, view="cleared")
            case "update":
                views.replace(view, checked_view(ack.get("view"), "modal"))
                return Outcome(ok=True, ack=ack, view="updated")
            case "push":
                if len(stack) >= STACK_LIMIT:
                    raise SlackError("push_limit_reached")
                views.push(person.slack_id, checked_view(ack.get("view"), "modal"))
                return Outcome(ok=True, ack=ack, view="pushed")
            case unknown:
                raise SlackError("invalid_response_action", [f"[ERROR] unknown response_action {unknown!r}"])


def _errors_of(view: View, ack: JsonObject) -> dict[str, str]:
    """The app's messages by block_id. Slack takes only the ids of input blocks."""
    errors = as_object(ack.get("errors")) or {}
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    unknown = sorted(set(errors) - inputs)
    if not errors or unknown:
        named = unknown[0] if unknown else "(none)"
        raise SlackError("invalid_errors", [f"[ERROR] errors must name input blocks of the view, not {named}"])
    return {block_id: str(message) for block_id, message in errors.items()}
