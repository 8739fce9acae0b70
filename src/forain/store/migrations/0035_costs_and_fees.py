import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0034_locations")]

    operations = [
        migrations.AddField("variant", "cost_minor", models.BigIntegerField(null=True)),
        migrations.AddField("variant", "cost_currency", models.TextField(default="", db_default="", blank=True)),
        migrations.CreateModel(
            "FeeEstimate",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.TextField()),
                ("wanted_minor", models.BigIntegerField()),
                ("by_marketplace", models.BooleanField()),
                ("ask_at", models.DateTimeField()),
                ("at_minor", models.BigIntegerField(null=True)),
                ("referral_minor", models.BigIntegerField(null=True)),
                ("fixed_minor", models.BigIntegerField(null=True)),
                ("least_minor", models.BigIntegerField(null=True)),
                ("estimated_at", models.DateTimeField(null=True)),
                ("problem", models.TextField(default="", blank=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="store.account"
                    ),
                ),
                (
                    "offer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="fee", to="store.offer"
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["account", "ask_at"], name="fee_to_ask")]},
        ),
    ]
