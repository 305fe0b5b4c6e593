import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("decisions", "0003_assign"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Appeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("received_on", models.DateField()),
                ("ground", models.CharField(max_length=32)),
                ("text", models.TextField(default="", max_length=2000)),
                ("run_id", models.CharField(max_length=64)),
                ("due_on", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("form_token", models.CharField(max_length=64, unique=True)),
                (
                    "case",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="appeals", to="decisions.case"),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="appeals", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"ordering": ("due_on", "id")},
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("outcome", models.CharField(max_length=32)),
                ("comment", models.TextField(default="", max_length=2000)),
                ("at", models.DateTimeField()),
                (
                    "answered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "appeal",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="answer", to="appeals.appeal"),
                ),
            ],
        ),
    ]
