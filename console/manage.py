"""``python -m console.manage COMMAND``: Django's own commands, such as ``check --deploy`` and ``changepassword``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command of the arguments."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
