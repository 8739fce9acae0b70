from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0023_rates")]

    operations = [
        migrations.AddField("offer", "desired_terms", models.JSONField(default=dict, db_default={})),
        migrations.AddField("offer", "submitted_terms", models.JSONField(default=dict, db_default={})),
        migrations.AddField("offer", "observed_terms", models.JSONField(default=dict, db_default={})),
    ]
