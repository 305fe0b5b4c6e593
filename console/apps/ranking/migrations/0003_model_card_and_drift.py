from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ranking", "0002_tie"),
    ]

    operations = [
        migrations.AddField(
            model_name="publishedrun",
            name="drift",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="publishedrun",
            name="model_card",
            field=models.TextField(default=""),
        ),
    ]
