from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0029_pause")]

    operations = [
        migrations.AddField("account", "emptied_at", models.DateTimeField(null=True)),
        migrations.AddField("account", "emptied_by", models.TextField(default="", db_default="", blank=True)),
        migrations.AddField("account", "holiday_begins", models.DateTimeField(null=True)),
        migrations.AddField("account", "holiday_ends", models.DateTimeField(null=True)),
        migrations.AddField("account", "holiday_begun_at", models.DateTimeField(null=True)),
    ]
