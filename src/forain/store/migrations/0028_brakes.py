import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0027_group_prices")]

    operations = [
        migrations.AddField("account", "brakes", models.JSONField(default=dict, db_default={})),
        migrations.AddField("offer", "shop_minor", models.BigIntegerField(null=True)),
        migrations.CreateModel(
            "Leap",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("before", models.BigIntegerField()),
                ("after", models.BigIntegerField()),
                ("currency", models.TextField(default="", blank=True)),
                ("state", models.TextField()),
                ("marked_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("by", models.TextField(default="", blank=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="store.account"
                    ),
                ),
                (
                    "offer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="leaps", to="store.offer"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["offer", "kind"], name="leap_once")],
                "indexes": [
                    models.Index(fields=["account", "state", "kind", "marked_at"], name="leap_by_state"),
                ],
            },
        ),
    ]
