from typing import Any

from django.db import migrations, models


def paused_as_it_was(apps: Any, schema_editor: Any) -> None:
    """Who had paused had paused everything, shipments too: nothing begins to run by itself."""
    paused = apps.get_model("store", "Account").objects.filter(paused_by_user=True)
    paused.update(paused=["stock", "prices", "orders", "shipments"])


class Migration(migrations.Migration):
    dependencies = [("store", "0028_brakes")]

    operations = [
        migrations.AddField("account", "paused", models.JSONField(default=list, db_default=[])),
        migrations.RunPython(paused_as_it_was, migrations.RunPython.noop),
        migrations.RemoveField("account", "paused_by_user"),
    ]
