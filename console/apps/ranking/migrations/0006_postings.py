from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ranking", "0005_is_thinning"),
    ]

    operations = [
        migrations.CreateModel(
            name="Postings",
            fields=[
                ("word", models.TextField(primary_key=True, serialize=False)),
                ("places", models.BinaryField()),
            ],
            options={
                "managed": False,
            },
        ),
    ]
