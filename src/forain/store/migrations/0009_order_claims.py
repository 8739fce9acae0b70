from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0008_secret_no")]

    # The database keeps the default: an older Forain beside this one adds orders without naming it.
    operations = [migrations.AddField("order", "claim_no", models.BigIntegerField(default=0, db_default=0))]
