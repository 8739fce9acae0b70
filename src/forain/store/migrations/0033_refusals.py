from django.db import migrations, models

# What was refused before this: the problems that stand beside the offer are the best that is known of its reasons.
KNOWN = """
UPDATE store_offer SET refusals = problems, refused_at = coalesce(submitted_at, observed_at, now())
WHERE alarm IN ('refused', 'not_taken')
"""


class Migration(migrations.Migration):
    dependencies = [("store", "0032_bundles")]

    operations = [
        migrations.AddField("offer", "refusals", models.JSONField(default=list, db_default=[])),
        migrations.AddField("offer", "refused_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "offer",
            models.Index(fields=["account", "alarm"], condition=~models.Q(alarm=""), name="offer_alarmed"),
        ),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]
