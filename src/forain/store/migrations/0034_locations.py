from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0033_refusals")]

    operations = [
        migrations.AddField("variant", "locations", models.JSONField(default=list, db_default=[])),
        migrations.AddField("shop", "locations", models.JSONField(default=list, db_default=[])),
    ]
