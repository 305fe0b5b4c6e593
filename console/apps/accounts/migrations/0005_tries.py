from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_demo_and_sessions_ended"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("about", models.CharField(max_length=8)),
                ("digest", models.CharField(max_length=64)),
                ("window", models.BigIntegerField()),
                ("count", models.IntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["window"], name="tries_by_window")],
                "constraints": [models.UniqueConstraint(fields=("about", "digest", "window"), name="one_count_a_window")],
            },
        ),
    ]
