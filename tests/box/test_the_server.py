"""The box as a server of its own: it ends without leaving anybody in the lurch."""

import threading
import time
from urllib.request import urlopen

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
