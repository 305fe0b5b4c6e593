import django.db.models.deletion
from django.db import migrations, models

import console.apps.decisions.states


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0004_selection"),
    ]

    operations = [
        migrations.AddField(
            model_name="result",
            name="corrects",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="decisions.result"
            ),
        ),
        migrations.AlterField(
            model_name="decision",
            name="action",
            field=models.CharField(
                choices=[
                    (console.apps.decisions.states.Action["VISIT"], console.apps.decisions.states.Action["VISIT"]),
                    (console.apps.decisions.states.Action["DEFER"], console.apps.decisions.states.Action["DEFER"]),
                    (console.apps.decisions.states.Action["DISMISS"], console.apps.decisions.states.Action["DISMISS"]),
                    (console.apps.decisions.states.Action["PROPOSE"], console.apps.decisions.states.Action["PROPOSE"]),
                    (console.apps.decisions.states.Action["APPROVE"], console.apps.decisions.states.Action["APPROVE"]),
                    (console.apps.decisions.states.Action["REFUSE"], console.apps.decisions.states.Action["REFUSE"]),
                    (console.apps.decisions.states.Action["RECORD"], console.apps.decisions.states.Action["RECORD"]),
                    (
                        console.apps.decisions.states.Action["RECORD_NO_VISIT"],
                        console.apps.decisions.states.Action["RECORD_NO_VISIT"],
                    ),
                    (console.apps.decisions.states.Action["CORRECT"], console.apps.decisions.states.Action["CORRECT"]),
                    (
                        console.apps.decisions.states.Action["CORRECT_NO_VISIT"],
                        console.apps.decisions.states.Action["CORRECT_NO_VISIT"],
                    ),
                    (console.apps.decisions.states.Action["REOPEN"], console.apps.decisions.states.Action["REOPEN"]),
                    (console.apps.decisions.states.Action["ASSIGN"], console.apps.decisions.states.Action["ASSIGN"]),
                    (console.apps.decisions.states.Action["UNDO"], console.apps.decisions.states.Action["UNDO"]),
                    (console.apps.decisions.states.Action["WAKE"], console.apps.decisions.states.Action["WAKE"]),
                    (console.apps.decisions.states.Action["RETURN"], console.apps.decisions.states.Action["RETURN"]),
                ],
                max_length=24,
            ),
        ),
        migrations.AddConstraint(
            model_name="result",
            constraint=models.UniqueConstraint(
                condition=models.Q(("corrects__isnull", False)), fields=("corrects",), name="one_correction_each"
            ),
        ),
    ]
