import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0037_links_by_article")]

    operations = [
        migrations.CreateModel(
            "Reckoning",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("quantity", models.BigIntegerField(null=True)),
                ("minor", models.BigIntegerField(null=True)),
                ("currency", models.TextField(default="", blank=True)),
                ("terms", models.JSONField(default=dict)),
                ("steps", models.JSONField(default=list)),
                ("notes", models.JSONField(default=list)),
                ("held", models.TextField(default="", blank=True)),
                (
                    "offer",
                    models.ForeignKey(
                        "store.Offer", django.db.models.deletion.CASCADE, related_name="+", db_index=False
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["offer", "-at"], name="reckoning_newest")]},
        ),
    ]
