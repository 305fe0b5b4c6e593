import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    # Columns that may be null are added in place: the table is not made anew, which would lose its triggers.
    dependencies = [
        ("campaigns", "0001_initial"),
        ("decisions", "0003_assign"),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="selected_by",
            field=models.CharField(max_length=16, null=True),
        ),
        migrations.AddField(
            model_name="decision",
            name="campaign",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="visits", to="campaigns.campaign"
            ),
        ),
    ]
