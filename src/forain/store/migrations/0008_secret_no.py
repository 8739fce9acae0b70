from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0007_asked")]

    # The database keeps the default: an older Forain beside this one adds applications without naming it.
    operations = [migrations.AddField("application", "secret_no", models.IntegerField(default=0, db_default=0))]
