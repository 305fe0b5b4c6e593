"""Log records as JSON lines without any content of requests."""

from __future__ import annotations

import json
import logging
import traceback


class OneLine(logging.Formatter):
    """Log level, logger, error type and place in the code, never a path, query, form or value."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line: dict[str, object] = {"level": record.levelname, "logger": record.name}
        status = getattr(record, "status_code", None)
        if status is not None:
            line["status"] = status
        request = getattr(record, "request", None)
        match = getattr(request, "resolver_match", None)
        if match is not None:
            line["route"] = match.route
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["at"] = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(record.exc_info[2])[-5:]]
        elif request is None:
            line["message"] = record.getMessage()
        return json.dumps(line, ensure_ascii=False)
