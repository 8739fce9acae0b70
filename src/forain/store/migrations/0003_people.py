from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone


def give_roles(apps: Any, schema_editor: Any) -> None:
    """Whoever is there already keeps access: the first administrator as owner, anybody else as reader."""
    Person = apps.get_model("store", "Person")
    users = apps.get_model("auth", "User").objects.order_by("pk")
    for user in users.all():
        Person.objects.create(user=user, role="owner" if user.is_superuser else "reader")
    if users.exists():
        instance, _ = apps.get_model("store", "Instance").objects.get_or_create(pk=1)
        instance.people_confirmed_at = timezone.now()
        instance.save()


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0002_places"),
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("instance", "people_confirmed_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.TextField()),
                ("second_factor_at", models.DateTimeField(null=True)),
                ("last_step", models.BigIntegerField(default=0)),
                ("sessions_no", models.IntegerField(default=0)),
                ("link_hash", models.TextField(blank=True, default="")),
                ("link_until", models.DateTimeField(null=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="person",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("link_hash", ""), _negated=True),
                        fields=("link_hash",),
                        name="person_link_once",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code_hash", models.TextField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_codes",
                        to="store.person",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("person", "code_hash"), name="recovery_code_once")
                ]
            },
        ),
        # Names that differ in capitals only would be taken for one person.
        migrations.RunSQL(
            "CREATE UNIQUE INDEX person_name_once ON auth_user (upper(username))", "DROP INDEX person_name_once"
        ),
        migrations.RunPython(give_roles, migrations.RunPython.noop),
    ]
