from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("evidence", "0003_medians_end"),
    ]

    operations = [
        migrations.DeleteModel(name="PeerMedian"),
    ]
