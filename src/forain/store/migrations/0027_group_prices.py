from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0026_ownership")]

    operations = [migrations.AddField("variant", "group_prices", models.JSONField(default=dict, db_default={}))]
