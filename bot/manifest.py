"""The Slack app's manifest as it ships: manifest.yml, at the top of a checkout or beside this file in a wheel."""

from importlib import resources
from pathlib import Path


def manifest_text() -> str:
    """The YAML document, as Slack's "From a manifest" takes it."""
    packed = resources.files("bot") / "manifest.yml"
    if packed.is_file():
        return packed.read_text("utf-8")
    return (Path(__file__).parents[1] / "manifest.yml").read_text("utf-8")
