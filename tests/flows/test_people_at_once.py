"""Two at the same moment: one owner stays, one name is one person, one link and one code work once."""

import threading
import time

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connections
from django.test import Client

from forain import wiring
from forain.core.people import Role
from forain.flows import look_after_people, second_factor
from forain.store import instance, models, people
from tests.people import PASSWORD, add, set_up_phone


def at_once(*doings):
    """Run each in a thread of its own, begun together; what each answered or raised, in order."""
    ready, told = threading.Barrier(len(doings)), [None] * len(doings)

    def do(number, doing):
        ready.wait(10)
        try:
            told[number] = doing()
        except Exception as error:
            told[number] = type(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=do, args=one) for one in enumerate(doings)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return told


@pytest.fixture
def deps(transactional_db, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return wiring.deps()


@pytest.mark.parametrize("how", ["role", "deactivated"])
def test_two_owners_who_leave_at_once_leave_one(deps, how):
    camille, jonas = (add(name, password="x") for name in ("camille", "jonas"))

    def leave(person):
        if how == "role":
            return lambda: look_after_people.change_role(deps, person, Role.READER, "test")
        return lambda: look_after_people.let_in(deps, person, False, "test")

    told = at_once(leave(camille), leave(jonas))

    assert sorted(map(str, told)) == sorted(map(str, [None, people.LastOwner]))
    assert models.Person.objects.filter(role="owner", user__is_active=True).count() == 1


def test_one_name_is_one_person_whatever_its_capitals(deps):
    told = at_once(*(lambda name=name: people.add(name, Role.READER).pk for name in ("jonas", "Jonas")))

    assert people.NameTaken in told
    assert models.Person.objects.count() == 1


def test_one_link_sets_one_password(deps):
    jonas = add("jonas")
    token = people.new_link(jonas, deps.clock.now())

    told = at_once(*(lambda p=p: people.use_link(people.named("jonas"), token, p, deps.clock.now()) for p in "ab"))

    assert sorted(told) == [False, True]
    user = people.named("jonas").user
    assert user.check_password("ab"[told.index(True)])


class Slow(MD5PasswordHasher):
    """Hashing takes its time, as Argon2 does: both are past the first look at the link by then."""

    def encode(self, password, salt):
        time.sleep(0.3)
        return super().encode(password, salt)


def test_the_first_link_makes_one_owner(deps, settings):
    settings.PASSWORD_HASHERS = ["tests.flows.test_people_at_once.Slow"]
    address = f"/first/{instance.new_first_link()}"

    told = at_once(*(lambda n=n: Client().post(address, {"user": n, "password": PASSWORD}) for n in ("anna", "jonas")))

    assert sorted(answer.status_code for answer in told) == [302, 410]
    assert models.Person.objects.count() == 1


def test_one_code_lets_one_in(deps):
    jonas = add("jonas")
    _, codes = set_up_phone(jonas)
    models.Person.objects.update(last_step=0)
    step = 1

    phone = at_once(*[lambda: people.use_step(jonas, step)] * 2)
    recovery = at_once(*[lambda: second_factor.check(deps, jonas, codes[0])] * 2)

    assert sorted(phone) == [False, True]
    assert sorted(recovery) == ["recovery", "wrong"]
