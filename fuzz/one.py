"""One target under atheris, by its name; the rest are libFuzzer's options and folders of inputs."""

import sys

import atheris

with atheris.instrument_imports(include=["access", "proxy"]):
    from fuzz.targets import TARGETS


def main() -> None:
    """Runs until the time is over or an input fails."""
    name, *rest = sys.argv[1:]
    atheris.Setup([sys.argv[0], *rest], TARGETS[name].check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
