from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0003_people")]

    # The database keeps the default: an older Forain beside this one adds offers without naming it.
    operations = [migrations.AddField("offer", "claim_no", models.BigIntegerField(default=0, db_default=0))]
