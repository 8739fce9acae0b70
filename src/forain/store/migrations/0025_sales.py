from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("store", "0024_terms")]

    operations = [
        migrations.AddField("offer", "told_terms", models.JSONField(default=dict, db_default={})),
        migrations.AddField("offer", "turns_at", models.DateTimeField(null=True)),
        migrations.AddField("offer", "held", models.TextField(default="", db_default="", blank=True)),
        migrations.AddIndex(
            "offer",
            models.Index(fields=["account", "turns_at"], condition=Q(turns_at__isnull=False), name="offer_turns"),
        ),
        migrations.AddField("variant", "special_minor", models.BigIntegerField(null=True)),
        migrations.AddField("variant", "special_currency", models.TextField(default="", db_default="", blank=True)),
        migrations.AddField("variant", "special_first", models.DateField(null=True)),
        migrations.AddField("variant", "special_last", models.DateField(null=True)),
    ]
