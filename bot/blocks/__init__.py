"""Block Kit renderers: what is true in, what Slack shows out. Pure: no clock, no storage, no network.

What a person typed is only ever put into `rich_text` or `plain_text`, where nothing in it can become a mention, a link
or a format; mrkdwn carries our own words, names from the policy (escaped) and Slack's tokens.
"""
