"""Django is set up before any test file of the console imports a model; each test then has a folder of its own."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
os.environ.setdefault("STEELYARD_CONSOLE_FOLDER", os.path.join(tempfile.gettempdir(), "steelyard-console-of-tests"))
os.environ.setdefault("STEELYARD_CONSOLE_SECRET_KEY", "a key for tests alone, of no use elsewhere " * 2)

import django
from django.test.utils import setup_test_environment

django.setup()
setup_test_environment()
# Read by now; what other tests start must find its own.
for name in ("STEELYARD_CONSOLE_FOLDER", "STEELYARD_CONSOLE_SECRET_KEY"):
    os.environ.pop(name)
