from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0035_costs_and_fees")]

    operations = [
        migrations.AddField("instance", "rates_url", models.TextField(default="", db_default="", blank=True)),
    ]
