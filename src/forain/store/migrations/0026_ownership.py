from typing import Any

from django.db import migrations, models

NAMES = {"sends_quantity": "quantity_led_by", "sends_price": "price_led_by"}


def who_leads(apps: Any, schema_editor: Any) -> None:
    """That a side is not sent says now who leads it: the page named a repricer as the reason."""
    for rule in apps.get_model("store", "Rule").objects.filter(wishes__has_any_keys=list(NAMES)):
        for former, name in NAMES.items():
            told = rule.wishes.pop(former, None)
            if told is not None:
                rule.wishes[name] = "other_tool" if told == "no" else "shop"
        rule.save(update_fields=["wishes"])


class Migration(migrations.Migration):
    dependencies = [("store", "0025_sales")]

    operations = [
        migrations.AddField("offer", "led_elsewhere", models.JSONField(default=dict, db_default={})),
        migrations.AddField("offer", "changed_elsewhere", models.JSONField(default=dict, db_default={})),
        migrations.AddField("offer", "price_setup", models.JSONField(default=dict, db_default={})),
        migrations.RunPython(who_leads, migrations.RunPython.noop),
    ]
