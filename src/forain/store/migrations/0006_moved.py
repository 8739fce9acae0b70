from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0005_buyers_forgotten")]

    # The database keeps the defaults: an older Forain beside this one adds offers without naming them.
    operations = [
        migrations.AddField("offer", "moved_no", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField("offer", "looked_no", models.BigIntegerField(default=0, db_default=0)),
    ]
