from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0009_order_claims")]

    # The database keeps the default: an older Forain beside this one adds orders without naming it.
    operations = [migrations.AddField("order", "in_part", models.BooleanField(default=False, db_default=False))]
