"""A local Slack workspace that an unmodified Slack app connects to by `base_url`.

It speaks Slack's Web API, Socket Mode and interactivity, shows the workspace as a web page, and offers scripts an HTTP
control API. It is as strict as Slack where Slack is strict, so that what passes here passes there. It listens on
loopback only, keeps everything in memory, and knows no particular app.

Front door: `slack_simulator.server` (`serve`, `WorkspaceSpec`), `slack_simulator.client` (`SimulatorClient`) and
`slack_simulator.testing` (people in a test's own words).

PYTEST_DONT_REWRITE: it asserts nothing, and may be imported before pytest marks its plugins.
"""
