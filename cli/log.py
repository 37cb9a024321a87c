"""Logging: structlog to standard error, as text for people or JSON for machines. Never a body, a token or a secret."""

import logging
import sys
from pathlib import Path

import structlog

from cli.settings import LogFormat

#: Libraries that log each request or statement at DEBUG or INFO; only their warnings are ours to show.
_QUIET = ("asyncssh", "aiohttp.access", "slack_bolt", "slack_sdk", "sqlalchemy.engine", "alembic")


def configure(log_format: LogFormat, *, file: Path | None = None, level: int = logging.INFO) -> None:
    """Set up structlog and the standard library's logging once, to standard error or to `file`, from `level` on."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(
            colors=file is None and sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    if file is not None:
        file.touch(mode=0o600)
        file.chmod(0o600)
    handler = logging.StreamHandler(sys.stderr) if file is None else logging.FileHandler(file)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
