import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0031_feeds")]

    operations = [
        migrations.CreateModel(
            "Bundle",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bundles", to="store.account"
                    ),
                ),
                ("sku", models.TextField()),
                ("how", models.TextField()),
                ("said_at", models.DateTimeField()),
                ("said_by", models.TextField(default="", blank=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["account", "sku"], name="bundle_once")],
            },
        ),
        migrations.CreateModel(
            "BundlePart",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "bundle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="store.bundle"
                    ),
                ),
                ("variant", models.TextField(db_index=True)),
                ("need", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["bundle", "variant"], name="bundle_part_once"),
                    models.CheckConstraint(condition=models.Q(need__gte=1), name="bundle_needs_a_piece"),
                ],
                "ordering": ["pk"],
            },
        ),
        migrations.AddField("parcel", "parts", models.JSONField(default=dict, db_default={})),
    ]
