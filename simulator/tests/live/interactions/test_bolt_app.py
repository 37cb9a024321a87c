"""A Bolt app in its usual shape runs against the workspace with nothing changed but its base url."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator

MODAL = {
    "type": "modal",
    "callback_id": "order",
    "title": {"type": "plain_text", "text": "Order lunch"},
    "submit": {"type": "plain_text", "text": "Order"},
    "notify_on_close": True,
    "private_metadata": "C0GENERAL",
    "blocks": [
        {
            "type": "input",
            "block_id": "dish",
            "label": {"type": "plain_text", "text": "Dish"},
            "element": {"type": "plain_text_input", "action_id": "name"},
        },
        {
            "type": "input",
            "block_id": "size",
            "label": {"type": "plain_text", "text": "Size"},
            "element": {
                "type": "static_select",
                "action_id": "pick",
                "options": [
                    {"text": {"type": "plain_text", "text": "Small"}, "value": "s"},
                    {"text": {"type": "plain_text", "text": "Large"}, "value": "l"},
                ],
            },
        },
    ],
}


def lunch(app: AsyncApp) -> None:
    """Slash command -> modal -> message with buttons -> update."""

    @app.command("/lunch")
    async def open_modal(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("order")
    async def order(ack: Any, body: Any, view: Any, client: Any) -> None:
        values = view["state"]["values"]
        if values["dish"]["name"]["value"] == "soup":
            await ack(response_action="errors", errors={"dish": "No soup for you"})
            return
        await ack()
        size = values["size"]["pick"]["selected_option"]["text"]["text"]
        text = f"{size} {values['dish']['name']['value']} for <@{body['user']['id']}>"
        await client.chat_postMessage(
            channel=view["private_metadata"],
            text=text,
            blocks=[
                {"type": "section", "text": {"type": "mrkdwn", "text": text}},
                {
                    "type": "actions",
                    "block_id": "decide",
                    "elements": [
                        {
                            "type": "button",
                            "action_id": "cook",
                            "text": {"type": "plain_text", "text": "Cook"},
                            "value": "order-1",
                            "style": "primary",
                        }
                    ],
                },
            ],
        )

    @app.action("cook")
    async def cook(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            text=f"Cooked by {body['user']['username']} ({body['actions'][0]['value']})",
            blocks=[],
        )


async def test_command_modal_message_button_update(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """The whole round, with the app's refusal of a value on the way."""
    lunch(bolt)
    async with connect(bolt, simulator):
        assert (await people.command("alice", "#general", "/lunch"))["ok"]
        modal = await people.wait_for_view("@alice", "Order lunch")
        assert modal["private_metadata"] == "C0GENERAL"
        blank = await people.submit("alice", {"dish": "soup"})
        assert blank["errors"] == {"size": "Please complete this required field."}
        refused = await people.submit("alice", {"dish": {"name": "soup"}, "size": "l"})
        assert refused["errors"] == {"dish": "No soup for you"}
        accepted = await people.submit("alice", {"name": "stew"})
        assert accepted["ok"]
        assert accepted["view_closed"]
        card = await people.wait_for("Large stew for @alice", channel="general", user="bob")
        tapped = await people.action("bob", "cook", channel="general", ts=card["ts"])
        assert tapped == {"ok": True}
        cooked = await people.wait_for("Cooked by bob (order-1)", channel="C0GENERAL")
        assert cooked["ts"] == card["ts"]
        assert cooked["edited"]
