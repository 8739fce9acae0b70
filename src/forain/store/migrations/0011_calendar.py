from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0010_in_part")]

    # The database keeps the default: an older Forain beside this one adds people without naming it.
    operations = [
        migrations.AddField("person", "calendar_hash", models.TextField(default="", db_default="", blank=True)),
        migrations.AddField("person", "calendar_made_at", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "person",
            models.UniqueConstraint(
                fields=["calendar_hash"], condition=~models.Q(calendar_hash=""), name="person_calendar_once"
            ),
        ),
    ]
