from django.db import migrations, models


def number() -> models.BigAutoField:  # type: ignore[type-arg]
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("store", "0012_sales_known")]

    # The database keeps the defaults: an older Forain beside this one adds people without naming the new columns.
    operations = [
        *(
            migrations.AddField("person", name, models.TextField(default="", db_default="", blank=True))
            for name in ("second_mail", "language", "time_zone")
        ),
        migrations.AddField("person", "quiet_from", models.TimeField(null=True)),
        migrations.AddField("person", "quiet_until", models.TimeField(null=True)),
        migrations.AddField("person", "urgent_any_hour", models.BooleanField(default=True, db_default=True)),
        migrations.AddField("instance", "letters_name", models.TextField(default="", db_default="", blank=True)),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", number()),
                *((name, models.TextField()) for name in ("topic", "mark", "channel", "receiver", "code")),
                ("made_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("claimed_until", models.DateTimeField(null=True)),
                ("attempt", models.IntegerField(default=0)),
                ("error", models.TextField(blank=True, default="")),
                ("sent_at", models.DateTimeField(null=True)),
                ("over", models.TextField(blank=True, default="")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["topic", "mark", "channel", "receiver"], name="letter_once")
                ],
                "indexes": [
                    models.Index(
                        fields=["due_at"],
                        condition=models.Q(("over", ""), ("sent_at__isnull", True)),
                        name="letter_waiting",
                    ),
                    models.Index(fields=["-made_at", "-id"], name="letter_newest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Care",
            fields=[
                ("id", number()),
                ("topic", models.TextField(unique=True)),
                ("by", models.TextField()),
                ("at", models.DateTimeField()),
                ("again_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", number()),
                ("name", models.TextField(unique=True)),
                ("url", models.TextField()),
                ("language", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
        ),
    ]
