from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0022_rules")]

    operations = [
        migrations.CreateModel(
            "Rate",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.TextField()),
                ("target", models.TextField()),
                ("rate", models.DecimalField(max_digits=16, decimal_places=8)),
                ("on", models.DateField()),
                ("said_at", models.DateTimeField()),
                ("said_by", models.TextField(default="", blank=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["source", "target"], name="rate_once")],
            },
        ),
    ]
