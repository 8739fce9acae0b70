from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("store", "0036_rates_address")]

    operations = [
        migrations.AddIndex("bundlepart", models.Index(fields=["variant"], name="bundle_part_variant")),
        migrations.AddIndex(
            "link",
            models.Index(fields=["variant"], condition=Q(decided_at__isnull=False, refused=False), name="link_variant"),
        ),
    ]
