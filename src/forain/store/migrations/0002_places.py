from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0001_tables")]

    operations = [migrations.AddField("run", "places", models.JSONField(default=dict))]
