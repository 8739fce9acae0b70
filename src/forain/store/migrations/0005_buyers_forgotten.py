from django.db import migrations, models

DATES = """
UPDATE store_order SET
    ended_at = CASE WHEN status IN ('shipped', 'cancelled') THEN updated_at END,
    buyer_until = CASE WHEN status IN ('shipped', 'cancelled') THEN updated_at + interval '30 days'
        ELSE purchased_at + interval '120 days' END
WHERE body IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("store", "0004_claims")]

    operations = [
        migrations.AddField("order", "ended_at", models.DateTimeField(null=True)),
        migrations.AddField("order", "buyer_until", models.DateTimeField(null=True)),
        migrations.RunSQL(DATES, migrations.RunSQL.noop),
        migrations.AddIndex(
            "order",
            models.Index(
                fields=["buyer_until"], condition=models.Q(buyer_until__isnull=False), name="order_with_buyer"
            ),
        ),
    ]
