from django.db import migrations


class Migration(migrations.Migration):
    """A quantity that is shown counts as told by us only where one was wanted."""

    dependencies = [("store", "0038_reckonings")]

    operations = [
        migrations.RunSQL(
            "UPDATE store_offer SET acknowledged_quantity = NULL"
            " WHERE acknowledged_quantity IS NOT NULL AND desired_quantity IS NULL",
            migrations.RunSQL.noop,
        ),
    ]
