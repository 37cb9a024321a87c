"""The app's acks: how long Slack waits for one, and what it means when none comes, whichever way the payload went."""

#: docs.slack.dev/interactivity/handling-user-interaction: commands, actions, options and submissions alike.
ACK_DEADLINE_S = 3.0


class NotDelivered(Exception):
    """The app took no notice; the message is the error that Slack shows, such as operation_timeout."""

    def __init__(
        self,
        error: str,
        *,
        retry_reason: str = "connection_failed",
        may_retry: bool = True,
        status: int | None = None,
    ) -> None:
        """`retry_reason` is what the next attempt of an event is told; may_retry is False if the app wants none.

        `status` is what the app answered over HTTP.
        """
        super().__init__(error)
        self.status = status
        self.retry_reason = retry_reason
        self.may_retry = may_retry
