"""Whether the end of a client secret was reckoned here, or is the marketplace's own word."""

from datetime import timedelta
from typing import Any

from django.db import migrations, models
from django.db.models import F


def reckoned(apps: Any, schema_editor: Any) -> None:
    """A secret that was typed was given 180 days from that very moment; one that came through a queue has Amazon's end."""
    rows = apps.get_model("store", "Application").objects
    rows.filter(secret_expires_at=F("secret_issued_at") + timedelta(days=180)).update(secret_estimated=True)


class Migration(migrations.Migration):
    dependencies = [("store", "0019_hour_agreed")]

    operations = [
        migrations.AddField(
            model_name="application",
            name="secret_estimated",
            field=models.BooleanField(default=False, db_default=False),
        ),
        migrations.RunPython(reckoned, migrations.RunPython.noop),
    ]
