import pytest

from . import story


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(int(__import__("os").environ.get("SEEDS", "3"))))
def test_try(seed):
    import time

    t = time.monotonic()
    told = story.tell(story.Plan(seed, float(__import__("os").environ.get("DAYS", "1"))))
    took = time.monotonic() - t
    __import__("logging").disable(50)
    told.failure and open(f"/tmp/h/sim-trace-{seed}.txt", "w").write("\n".join(told.trace))
    print(seed, told.failure, told.steps, told.killed, told.events, f"{took:.1f}s {told.steps / took:.0f}/s")
    assert told.failure is None, told.failure
