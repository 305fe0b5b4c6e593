from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("ranking", "0006_postings"),
    ]

    operations = [
        migrations.RenameModel(old_name="Tie", new_name="SharedIdentifier"),
        migrations.AlterModelTable(name="sharedidentifier", table="ranking_tie"),
    ]
