import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from console.core.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0007_deadline_by_place"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Handling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("is_open", models.BooleanField()),
                ("reason", models.CharField(max_length=32)),
                ("comment", models.TextField(default="", max_length=2000)),
                ("form_token", models.CharField(max_length=64, unique=True)),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="handlings", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="handlings", to="decisions.decision"
                    ),
                ),
            ],
            options={"ordering": ("id",)},
        ),
        append_only("decisions_handling"),
    ]
