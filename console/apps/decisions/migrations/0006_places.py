from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0005_corrections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="place",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="placed_in",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                fields=["state", "placed_in", "place", "assigned_to", "region_code", "region_middle", "region_top"],
                name="cases_of_state_by_place",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                fields=["placed_in", "place", "state", "assigned_to", "region_code", "region_middle", "region_top"],
                name="cases_by_place",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                fields=["assigned_to", "placed_in", "place", "state", "region_code", "region_middle", "region_top"],
                name="cases_of_person_by_place",
            ),
        ),
    ]
