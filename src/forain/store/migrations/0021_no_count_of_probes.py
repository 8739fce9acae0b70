"""The pause before the next look follows from how long the marketplace has refused, not from how often it was asked."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("store", "0020_secret_estimated")]

    operations = [
        migrations.RemoveField(model_name="account", name="probes"),
    ]
