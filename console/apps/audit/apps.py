"""Django's configuration of the app."""

from __future__ import annotations

import logging
from typing import Any

from django.apps import AppConfig


class Audit(AppConfig):
    """See the package's docstring."""

    name = "console.apps.audit"
    label = "audit"

    def ready(self) -> None:
        """Flush the spool after responses."""
        from django.core.signals import request_finished

        request_finished.connect(_after_response, dispatch_uid="audit spool")


def _after_response(**_facts: Any) -> None:
    from django.conf import settings
    from django.db import DatabaseError

    from console.apps.audit import spool

    try:
        if spool.is_due() and settings.FLUSHES_AFTER_RESPONSE:
            spool.flush(wait=False)
    except DatabaseError:
        # The lines stay in their file for the next flush. The response has left, so only the log can report it.
        logging.getLogger("console.apps.audit").error("the audit's spool could not be flushed; the next flush tries again")
