from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0006_places"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("due_on__isnull", False)),
                fields=["placed_in", "place", "due_on", "state", "assigned_to", "region_code", "region_middle", "region_top"],
                name="cases_with_deadline_by_place",
            ),
        ),
    ]
