"""forain people ...: what the page can, and the help for whoever lost the phone. In this process, on the test database."""

import pytest
from click.testing import CliRunner
from django.core.management import call_command
from django.test import Client

from forain.cli import main
from forain.store import instance, models, people
from tests.people import PASSWORD, add, set_up_phone


@pytest.fixture
def forain(transactional_db, monkeypatch):
    for name, value in (("LC_ALL", "C"), ("FORAIN_LOG_LEVEL", "ERROR"), ("FORAIN_LOCAL_URL", "http://127.0.0.1:8787")):
        monkeypatch.setenv(name, value)

    def run(*arguments):
        done = CliRunner().invoke(main, ["people", *arguments])
        assert done.exit_code in (0, 1, 2), done.output
        return done.exit_code, done.output

    return run


def test_what_the_page_can_the_command_line_can(forain):
    add("camille", "owner", password=PASSWORD)

    code, told = forain("invite", "jonas", "--role", "operator")
    link = told.strip().splitlines()[-1]
    joined = Client().post(f"/invited/{link.rsplit('/', 1)[1]}", {"password": "jonas has a long one"})
    _, again = forain("link", "jonas")
    roles = forain("role", "jonas", "reader")
    off = forain("deactivate", "jonas")
    no_link = forain("link", "jonas")
    listed = forain("list")[1]
    on = forain("activate", "jonas")
    confirmed = forain("confirm")

    assert code == roles[0] == off[0] == on[0] == confirmed[0] == 0
    assert link.startswith("http://127.0.0.1:8787/invited/")
    assert joined.status_code == 302
    assert "one-time link for jonas" in again
    assert (no_link[0], "forain people activate jonas" in no_link[1]) == (1, True)
    assert "jonas reader inactive, last login 2" in listed
    assert "camille owner active, last login never, without second factor" in listed
    assert instance.get().people_confirmed_at is not None
    entries = models.Journal.objects.order_by("id")
    assert list(entries.values_list("code", flat=True)) == [
        "person_invited", "password_set", "person_link_made", "person_role_changed", "person_deactivated",
        "person_activated", "people_confirmed",
    ]  # fmt: skip
    assert {e.placeholders.get("by", "command line") for e in entries} == {"command line"}


def test_what_cannot_be_is_said_with_its_cure(forain):
    add("camille", "owner", password=PASSWORD)

    for arguments, words in (
        (("role", "nobody", "reader"), "there is nobody called nobody; see: forain people list"),
        (("role", "camille", "reader"), "Make somebody else an owner first"),
        (("deactivate", "camille"), "Make somebody else an owner first"),
        (("invite", "camille"), "There is somebody of that name already"),
        (("invite", "a b"), "A user name has letters"),
        (("role", "camille", "root"), "'root' is not one of"),
    ):
        code, told = forain(*arguments)
        assert code != 0
        assert words in told, arguments
    assert models.Journal.objects.count() == 0


def test_whoever_lost_the_phone_is_helped_at_the_machine(forain, client):
    person = add("camille", "owner", password=PASSWORD)
    _, codes = set_up_phone(person)

    code, _ = forain("reset-second-factor", "camille")
    answer = client.post("/login", {"user": "camille", "password": PASSWORD})

    person = people.named("camille")
    assert code == 0
    assert answer["Location"] == "/"
    assert (person.second_factor_at, people.recovery_codes_left(person)) == (None, 0)
    assert not models.VaultEntry.objects.exists()
    assert models.Journal.objects.get(code="second_factor_reset").placeholders == {"by": "command line"}
    assert len(codes) == 10


def test_an_installation_of_before_keeps_its_administrator_as_owner(transactional_db, django_user_model):
    try:
        call_command("migrate", "store", "0002", verbosity=0)
        django_user_model.objects.create_user("first", is_superuser=True)
        django_user_model.objects.create_user("other")
    finally:
        call_command("migrate", verbosity=0)

    assert (people.named("first").role, people.named("other").role) == ("owner", "reader")
    assert instance.get().people_confirmed_at is not None
