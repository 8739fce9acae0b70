import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0015_causes")]

    # The database keeps the default: an older Forain beside this one adds rows without naming it.
    operations = [
        migrations.AddField("account", "safe_landing", models.BooleanField(default=False, db_default=False)),
        migrations.CreateModel(
            name="Landing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("grant_no", models.IntegerField()),
                ("announced_step", models.IntegerField(null=True)),
                ("announced_at", models.DateTimeField(null=True)),
                ("begun_at", models.DateTimeField(null=True)),
                ("called_off_at", models.DateTimeField(null=True)),
                ("called_off_by", models.TextField(blank=True, default="")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="landings", to="store.account"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("account", "grant_no"), name="landing_once")],
            },
        ),
    ]
