"""Slack's Web API, one module for each family of methods; `dispatch` checks the token and calls them."""
