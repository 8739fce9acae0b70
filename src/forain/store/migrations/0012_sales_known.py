from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0011_calendar")]

    # Nothing is known before two lists were read: until then nothing is raised over a fall, a few minutes at most.
    operations = [
        migrations.AddField("account", name, models.DateTimeField(null=True))
        for name in ("sales_known_until", "orders_read_until", "orders_read_at")
    ]
