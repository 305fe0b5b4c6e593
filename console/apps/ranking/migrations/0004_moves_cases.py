from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ranking", "0003_model_card_and_drift"),
    ]

    operations = [
        migrations.AddField(
            model_name="publishedrun",
            name="moves_cases",
            field=models.BooleanField(default=False),
        ),
    ]
