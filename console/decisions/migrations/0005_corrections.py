import django.db.models.deletion
from django.db import migrations, models

import console.decisions.states


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
                    (console.decisions.states.Action["VISIT"], console.decisions.states.Action["VISIT"]),
                    (console.decisions.states.Action["DEFER"], console.decisions.states.Action["DEFER"]),
                    (console.decisions.states.Action["DISMISS"], console.decisions.states.Action["DISMISS"]),
                    (console.decisions.states.Action["PROPOSE"], console.decisions.states.Action["PROPOSE"]),
                    (console.decisions.states.Action["APPROVE"], console.decisions.states.Action["APPROVE"]),
                    (console.decisions.states.Action["REFUSE"], console.decisions.states.Action["REFUSE"]),
                    (console.decisions.states.Action["RECORD"], console.decisions.states.Action["RECORD"]),
                    (console.decisions.states.Action["RECORD_NO_VISIT"], console.decisions.states.Action["RECORD_NO_VISIT"]),
                    (console.decisions.states.Action["CORRECT"], console.decisions.states.Action["CORRECT"]),
                    (console.decisions.states.Action["CORRECT_NO_VISIT"], console.decisions.states.Action["CORRECT_NO_VISIT"]),
                    (console.decisions.states.Action["REOPEN"], console.decisions.states.Action["REOPEN"]),
                    (console.decisions.states.Action["ASSIGN"], console.decisions.states.Action["ASSIGN"]),
                    (console.decisions.states.Action["UNDO"], console.decisions.states.Action["UNDO"]),
                    (console.decisions.states.Action["WAKE"], console.decisions.states.Action["WAKE"]),
                    (console.decisions.states.Action["RETURN"], console.decisions.states.Action["RETURN"]),
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
