"""Thousands of generated programs: what runs stands in what is shown, or nobody is asked; what is data never does."""

import pytest
from hypothesis import HealthCheck, given, settings

from proxy.showing.sql import show_statements
from support.sql.programs import Program, programs

pytestmark = [pytest.mark.finding("H3"), pytest.mark.finding("pg-F9")]


@given(programs())
@settings(max_examples=2_500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_runs_is_shown_or_nobody_is_asked(program: Program) -> None:
    shown = show_statements(program.sql.encode())
    text = "; ".join(each.text for each in shown)
    for secret in program.secrets:
        assert secret not in text
    if any(each.unreviewable for each in shown):
        return
    at = 0
    for name in program.acts:
        at = text.lower().find(name, at)
        assert at >= 0, name
        at += len(name)
