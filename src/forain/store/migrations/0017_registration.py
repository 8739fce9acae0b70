import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0016_landings")]

    operations = [
        migrations.CreateModel(
            name="Registration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("marketplace", models.TextField()),
                ("site", models.TextField(blank=True, default="")),
                ("marketplace_ships", models.BooleanField(default=False)),
                ("steps", models.JSONField(default=dict)),
                ("roles", models.JSONField(default=dict)),
                (
                    "application",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="registration", to="store.application"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.UniqueConstraint(
                condition=models.Q(("application__isnull", True)), fields=("marketplace",), name="registration_under_way_once"
            ),
        ),
    ]
