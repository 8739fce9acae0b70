from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0014_proofs_and_rhythms")]

    # The database keeps the defaults: an older Forain beside this one adds rows without naming them.
    operations = [
        migrations.AddField("account", "reason", models.TextField(default="", db_default="", blank=True)),
        migrations.AddField("side", "clock_off", models.IntegerField(default=0, db_default=0)),
    ]
