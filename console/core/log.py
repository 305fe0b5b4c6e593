"""One JSON line for each thing logged, without what a request carried."""

from __future__ import annotations

import json
import logging
import traceback


class OneLine(logging.Formatter):
    """Level, logger, kind of error and where in the code: never a path, a query, a form or a value."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as one line."""
        says: dict[str, object] = {"level": record.levelname, "logger": record.name}
        status = getattr(record, "status_code", None)
        if status is not None:
            says["status"] = status
        request = getattr(record, "request", None)
        match = getattr(request, "resolver_match", None)
        if match is not None:
            says["route"] = match.route
        if record.exc_info and record.exc_info[0] is not None:
            says["error"] = record.exc_info[0].__name__
            says["at"] = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(record.exc_info[2])[-5:]]
        elif request is None:
            says["message"] = record.getMessage()
        return json.dumps(says, ensure_ascii=False)
