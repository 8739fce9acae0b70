from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0006_moved")]

    # NULL until an offer is asked for in vain: an older Forain beside this one adds offers without naming it.
    operations = [migrations.AddField("offer", "asked_at", models.DateTimeField(null=True))]
