from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ranking", "0004_moves_cases"),
    ]

    operations = [
        migrations.AddField(
            model_name="publishedrun",
            name="is_thinning",
            field=models.BooleanField(default=False),
        ),
    ]
