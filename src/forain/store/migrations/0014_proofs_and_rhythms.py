import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0013_letters")]

    operations = [
        migrations.CreateModel(
            name="OrderProof",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="order_proofs", to="store.account"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("orders", models.IntegerField()),
                ("missing", models.JSONField(default=list)),
                ("still_missing", models.JSONField(default=list)),
                ("worth", models.JSONField(default=dict)),
                ("absent", models.IntegerField(default=0)),
                ("unread", models.IntegerField(default=0)),
                ("tries", models.IntegerField(default=0)),
                ("done_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["account", "-id"], name="proof_newest")]},
        ),
        migrations.CreateModel(
            name="Happened",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.account"
                    ),
                ),
                ("direction", models.TextField()),
                ("hour", models.DateTimeField()),
                ("count", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["account", "direction", "hour"], name="happened_once")
                ]
            },
        ),
    ]
