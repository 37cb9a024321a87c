"""What every room stands on: JSON, checks, time, revisions, what passed. No Slack here."""
