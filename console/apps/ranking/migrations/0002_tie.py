from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ranking", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tie",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.IntegerField()),
                ("kind", models.CharField(max_length=8)),
                ("other_id", models.CharField(max_length=64)),
                ("sharing", models.IntegerField()),
            ],
            options={
                "ordering": ("position", "kind", "id"),
                "managed": False,
            },
        ),
    ]
