from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def end_those_that_another_followed(apps, schema_editor):
    median = apps.get_model("evidence", "PeerMedian").objects.using(schema_editor.connection.alias)
    later = median.filter(peer_group=OuterRef("peer_group"), indicator=OuterRef("indicator"), as_of__gt=OuterRef("as_of")).order_by(
        "as_of"
    )
    median.update(until=Subquery(later.values("as_of")[:1]))


class Migration(migrations.Migration):
    dependencies = [
        ("evidence", "0002_figure"),
    ]

    operations = [
        migrations.AddField(
            model_name="peermedian",
            name="until",
            field=models.DateField(null=True),
        ),
        migrations.RunPython(end_those_that_another_followed, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="peermedian",
            index=models.Index(fields=["peer_group", "until"], name="medians_of_group"),
        ),
        migrations.AddIndex(
            model_name="peermedian",
            index=models.Index(fields=["as_of"], name="medians_by_day"),
        ),
        migrations.AddIndex(
            model_name="peermedian",
            index=models.Index(fields=["until"], name="medians_by_end"),
        ),
    ]
