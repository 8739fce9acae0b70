"""When a side's own hour last agreed with our clock."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0018_secret_queue")]

    operations = [
        migrations.AddField(model_name="side", name="hour_agreed_at", field=models.DateTimeField(null=True)),
    ]
