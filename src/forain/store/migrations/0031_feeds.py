import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0030_emptied")]

    operations = [
        migrations.CreateModel(
            "Feed",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="feeds", to="store.account"
                    ),
                ),
                ("site", models.TextField()),
                ("state", models.TextField()),
                ("number", models.TextField(default="", blank=True)),
                ("correlation", models.TextField(default="", blank=True)),
                ("opened_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("ends_by", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("how", models.TextField(default="", blank=True)),
                ("problems", models.JSONField(default=list)),
                ("told", models.IntegerField(default=0)),
                ("refused", models.IntegerField(default=0)),
                ("shown", models.IntegerField(default=0)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("claim_no", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["account"], condition=~models.Q(state="ended"), name="feed_open_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            "FeedLine",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "feed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="store.feed"
                    ),
                ),
                ("offer", models.BigIntegerField()),
                ("sku", models.TextField()),
                ("product_type", models.TextField(default="", blank=True)),
                ("quantity", models.BigIntegerField(null=True)),
                ("minor", models.BigIntegerField(null=True)),
                ("currency", models.TextField(default="", blank=True)),
                ("terms", models.JSONField(default=dict)),
                ("gone", models.JSONField(default=dict)),
                ("wanted_no", models.BigIntegerField()),
                ("added_at", models.DateTimeField()),
                ("was_quantity", models.BigIntegerField(null=True)),
                ("was_minor", models.BigIntegerField(null=True)),
                ("was_currency", models.TextField(default="", blank=True)),
                ("was_terms", models.JSONField(default=dict)),
                ("was_at", models.DateTimeField(null=True)),
                ("was_submission", models.TextField(default="", blank=True)),
                ("was_no", models.BigIntegerField(default=0)),
                ("was_tries", models.IntegerField(default=0)),
                ("was_road", models.TextField(default="", blank=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["feed", "sku"], name="feed_sku_once")],
            },
        ),
        migrations.AddField(
            "offer",
            "feed",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="store.feed",
            ),
        ),
        migrations.AddField("offer", "road", models.TextField(default="", db_default="", blank=True)),
        migrations.AddField("offer", "lane", models.SmallIntegerField(default=2, db_default=2)),
        migrations.RemoveIndex("offer", "offer_waiting"),
        migrations.AddIndex(
            "offer",
            models.Index(
                fields=["account", "lane", "marked_at"],
                condition=models.Q(("feed", None), ("wanted_no__gt", models.F("settled_no"))),
                name="offer_waiting",
            ),
        ),
        migrations.AddIndex(
            "offer",
            models.Index(fields=["feed"], condition=models.Q(("feed__isnull", False)), name="offer_in_feed"),
        ),
    ]
