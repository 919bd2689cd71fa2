"""People and their stories: what is no proper answer is a problem, and only a passed instant may be refused."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.proofs.chaos import plan
from tests.proofs.chaos.chance import seeded
from tests.proofs.chaos.history import Expected, Kind
from tests.proofs.chaos.person import HttpPerson
from tests.proofs.chaos.site import Asked
from tests.proofs.chaos.stories import STORIES, Teller, reworded

Answer = tuple[int, str, str]
"""Status, content type and body; status 0: hang up instead."""

MADE: Answer = (201, "application/json", '{"_id": "1"}')
GONE: Answer = (404, "application/json", '{"error": {"code": "schedule_not_found"}}')
HUNG_UP: Answer = (0, "", "")


@contextmanager
def a_site(*answers: Answer) -> Iterator[HttpPerson]:
    """A person with a site that gives these answers, the last one again and again."""
    waiting = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content_type, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if status:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.end_headers()
                self.wfile.write(body.encode())

        do_POST = do_PATCH = do_DELETE = answer  # noqa: N815  (the server's names)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        person = HttpPerson(f"http://127.0.0.1:{server.server_port}", "token")
        yield person
        person.close()
        server.shutdown()


def teller_of(person: HttpPerson) -> Teller:
    return Teller(person, "s", seeded(1))


def deleted(*answers: Answer) -> tuple[Asked, list[str]]:
    """What deleting a schedule comes to when it is answered so."""
    with a_site(MADE, *answers) as person:
        teller = teller_of(person)
        teller.standing()
        return teller.delete(), teller.problems


def test_a_404_is_a_deletion_only_when_an_earlier_try_of_it_got_no_answer() -> None:
    at_once, problems = deleted(GONE)
    again, none = deleted(HUNG_UP, GONE)

    assert (at_once.is_done, problems) == (False, ["s: delete was answered 404"])
    assert (again.is_done, none) == (True, [])


def test_a_page_is_no_answer_and_a_problem() -> None:
    with a_site((404, "text/html", "<h1>Not found</h1>"), MADE) as person:
        _, asked = teller_of(person).standing()

    assert asked.is_done
    (problem,) = person.problems
    assert problem.endswith("was answered 404 with 'text/html'")


def test_a_refused_change_after_a_try_without_an_answer_is_unclear() -> None:
    with a_site(MADE, HUNG_UP, (400, "application/json", "{}")) as person:
        teller = teller_of(person)
        teller.standing()

        assert teller.pause().is_lost


def test_only_an_instant_that_has_passed_may_be_refused() -> None:
    refused: Answer = (400, "application/json", json.dumps({"error": {"code": "invalid_expression"}}))

    with a_site(refused) as person:
        early, late = teller_of(person), teller_of(person)
        early.once(int(time.time()) + 30)
        late.once(int(time.time()) - 1)

    assert early.problems == ["s: create was answered 400"]
    assert late.problems == []


def test_every_story_tells_of_a_site_that_refuses_everything() -> None:
    told: dict[Callable[..., object], list[str]] = {}
    with a_site((403, "application/json", "{}")) as person:
        for story in STORIES:
            teller = teller_of(person)
            story(teller)
            told[story] = teller.problems

    assert all(problems == ["s: create was answered 403"] for problems in told.values())


def test_new_words_are_owed_when_they_were_answered_before_the_instant() -> None:
    owed = [Expected("s", Kind.CADENCE, 100.0)]

    assert reworded(owed, Asked(90, 99, 200), "new")[0].words == "new"
    assert reworded(owed, Asked(90, 101, 200), "new")[0].words is None
    assert reworded(owed, Asked(90, 99, None), "new")[0].words is None


def test_recurring_instants_go_on_every_hour_and_a_once_does_not() -> None:
    once, cron = (plan.planned("s", "quick-1", kind, 3600) for kind in ("once", "cron"))

    assert list(plan.instants(once, 10_800)) == [3600]
    assert list(plan.instants(cron, 10_799)) == [3600, 7200]
