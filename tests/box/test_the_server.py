"""The box as a server of its own: it ends without leaving anybody in the lurch."""

import threading
import time
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from waitress.server import TcpWSGIServer

from forain.cli.house import Web
from forain_box import Box
from forain_box.server import RunningBox


def test_an_answer_under_way_is_given_before_the_box_stops(caplog):
    box = Box(seed=1)
    plain, begun = box.answer, threading.Event()

    def slowly(request):
        begun.set()
        time.sleep(0.3)
        return plain(request)

    box.answer = slowly
    running = RunningBox(box).start()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(urlopen(f"{running.url}/box/api/clock", timeout=5).status))
    asking.start()
    begun.wait(5)

    running.stop()
    asking.join(5)

    assert answers == [200]
    assert [record.getMessage() for record in caplog.records if record.name == "waitress"] == []


@contextmanager
def running_box():
    running = RunningBox(Box(seed=1)).start()
    yield running
    running.stop()


@pytest.mark.parametrize("serving", [running_box, lambda: Web(0)], ids=["box", "pages"])
def test_a_server_is_closed_by_the_thread_that_waits_for_it(serving, monkeypatch):
    """Closed by another one while it waits, it would end with a bad file descriptor: once in hundreds of times."""
    close, closed_by = TcpWSGIServer.close, []

    def heard(server):
        closed_by.append(threading.current_thread())
        close(server)

    monkeypatch.setattr(TcpWSGIServer, "close", heard)
    with serving() as server:
        assert server._thread.is_alive()

    assert closed_by == [server._thread]
    assert not server._thread.is_alive()
