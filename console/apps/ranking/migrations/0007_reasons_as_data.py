"""Reasons are data. Runs have databases of their own, which ``console.publishing.upgrade_runs`` upgrades before this migration."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("ranking", "0006_postings"),
    ]

    operations = []
