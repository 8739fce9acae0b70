import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0017_registration")]

    operations = [
        migrations.AddField("application", "former_until", models.DateTimeField(null=True)),
        migrations.AddField("application", "unproven_since", models.DateTimeField(null=True)),
        migrations.AddField("application", "superseded_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            "SecretQueue",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "application",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="queue", to="store.application"
                    ),
                ),
                ("url", models.TextField()),
                ("region", models.TextField()),
                ("access_key_id", models.TextField()),
                ("set_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
