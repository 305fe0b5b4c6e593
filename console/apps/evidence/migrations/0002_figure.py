from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("evidence", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Figure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("region_code", models.CharField(default="", max_length=32)),
                ("region_middle", models.CharField(default="", max_length=32)),
                ("region_top", models.CharField(default="", max_length=32)),
                ("measure", models.CharField(max_length=16)),
                ("month", models.DateField()),
                ("industry_section", models.CharField(default="", max_length=16)),
                ("count", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["region_middle", "measure"], name="figures_of_region")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("measure", "month", "region_code", "region_middle", "region_top", "industry_section"),
                        name="one_figure",
                    )
                ],
            },
        ),
    ]
