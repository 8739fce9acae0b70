from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def site_wishes(apps: Any, schema_editor: Any) -> None:
    """What stood in the columns of a site stands in its rule now."""
    rule = apps.get_model("store", "Rule")
    for site in apps.get_model("store", "AccountSite").objects.all():
        wishes = {}
        if site.buffer > 0:
            wishes["buffer"] = str(site.buffer)
        if site.cap is not None and site.cap >= 0:
            wishes["cap"] = str(site.cap)
        if site.price_percent:
            wishes["percent"] = f"{site.price_percent.normalize():f}"
        if not site.sends_price:
            wishes["sends_price"] = "no"
        if wishes:
            rule.objects.create(
                account=site.account, level="site", site=site.site, wishes=wishes, changed_at=site.account.created_at
            )


class Migration(migrations.Migration):
    dependencies = [("store", "0021_no_count_of_probes")]

    operations = [
        migrations.CreateModel(
            "Rule",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="store.account"
                    ),
                ),
                ("level", models.TextField()),
                ("site", models.TextField(default="", blank=True)),
                ("name", models.TextField(default="", blank=True)),
                ("wishes", models.JSONField(default=dict)),
                ("changed_at", models.DateTimeField()),
                ("changed_by", models.TextField(default="", blank=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["account", "level", "site", "name"], name="rule_once")
                ],
            },
        ),
        migrations.AddField("variant", "group", models.TextField(default="", db_default="", blank=True)),
        migrations.RunPython(site_wishes, migrations.RunPython.noop),
        migrations.RemoveField("accountsite", "buffer"),
        migrations.RemoveField("accountsite", "cap"),
        migrations.RemoveField("accountsite", "price_percent"),
        migrations.RemoveField("accountsite", "sends_price"),
    ]
