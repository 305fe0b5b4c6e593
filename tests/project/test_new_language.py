"""A language is added by adding text files: reports, reasons and the console have it with no other change."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("console", "expectations", "jobs", "models", "config")
FOLDERS = ("jobs/texts/words", "jobs/texts/words/evaluation", "expectations/contracts/words", "console/core/words")
SCRIPT = """
from typing import get_type_hints

import django
from django.conf import settings
from expectations.contracts.indicators import catalogue
from jobs.commands.export import export
from jobs.profile.load_profile import load_profile
from jobs.texts.languages import load_texts
from jobs.texts.names import Names
from jobs.texts.reasons import Reason, render

django.setup()
from django.test import RequestFactory, override_settings
from django.template.loader import render_to_string
from console.apps.decisions import catalogue as codes
from console.web.middleware import language_for
from types import SimpleNamespace

assert ("tlh", "«English»") in settings.LANGUAGES
assert "tlh" in get_type_hints(export, include_extras=True)["language"].__metadata__[0].help
request = RequestFactory().get("/", headers={"accept-language": "tlh-QO"})
request.user = SimpleNamespace()
language = language_for(request)
names = Names.of(load_profile("cn"), language)
indicator = catalogue()[1]
from console.core.texts import load_texts as console_texts
context = {"what": "not_found", "texts": console_texts(language), "language": language, "request": request}
with override_settings(STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}):
    page = render_to_string("failure.html", context)
print(render(indicator, 1234.6, 1, names), Reason(indicator.column, rests_on="registration").change(names), sep="\\n")
print(codes.words("dismiss", "data_error", language), page, sep="\\n")
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the product with a made-up language: the English text files with marks around each text."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in FOLDERS:
        english = (ROOT / folder / "en.toml").read_text(encoding="utf-8")
        marked = re.sub(r'^("?[\w.-]+"? = )"(.*[^\W\d_].*)"$', r'\1"«\2»"', english, flags=re.MULTILINE)
        marked = marked.replace('decimal = "."', 'decimal = ","').replace('thousands = ","', 'thousands = "."')
        (tmp_path / folder / "tlh.toml").write_text(marked, encoding="utf-8")
    return tmp_path


def test_a_language_is_added_by_text_files_alone(copy: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(copy), "DJANGO_SETTINGS_MODULE": "console.settings"}
    environment["STEELYARD_CONSOLE_FOLDER"] = str(copy / "home")
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    reason, change, code, page = done.stdout.split("\n", 3)
    assert reason == "«Changes of registration in 12 months: 1.235 (peers: 1)»"
    assert "«A registered change stays on record; it counts for 12 months.»" in change
    assert code == "«The data behind the reasons is wrong»"
    assert '<html lang="tlh">' in page
    assert re.search("<h1>«.*»</h1>", page)
