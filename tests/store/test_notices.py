"""The outbox: at least once, one sender at a time, what was given up stays visible."""

from dataclasses import replace

from alerts.lifecycle import Audience
from service.store import Posted, Store
from tests.store.made import NOW, TENANT, due_now, later, moved, opened, raised


def test_a_notice_is_posted_with_its_alert_and_claimed_once(store: Store) -> None:
    raised(store)
    (posted,) = store.claim_notices(NOW)
    assert posted.notice == opened().notices[0]
    assert (posted.tenant, posted.patient, posted.tries) == (TENANT, "p1", 0)
    assert store.claim_notices(later(seconds=59)) == []
    assert store.notice_sent(posted, later(seconds=1), "202 accepted") is True
    assert store.claim_notices(later(days=1)) == []
    assert store.notices(TENANT, "a1")[0].state == "sent"
    assert store.notices(TENANT, "a1")[0].sent_at == later(seconds=1)


def test_the_same_notice_posted_again_is_one(store: Store) -> None:
    alert = raised(store)
    again = replace(moved(alert, "POSSIBLE", NOW), notices=opened().notices)
    assert store.settle(due_now(store), [again], None, None, NOW)
    assert len(store.notices(TENANT, "a1")) == 1


def test_a_sender_that_dies_is_followed_by_another_who_knows_that_it_is_a_repeat(
    store: Store,
) -> None:
    raised(store)
    (dead,) = store.claim_notices(NOW, lease_s=60)
    (next_one,) = store.claim_notices(later(seconds=61))
    assert next_one.tries == 1
    assert store.notice_sent(dead, later(seconds=62)) is False  # it woke up too late
    assert store.notice_sent(next_one, later(seconds=62)) is True
    assert store.notice_failed(next_one, "late", None) is False


def test_a_sender_at_work_keeps_its_notice_and_what_has_gone_is_on_record(store: Store) -> None:
    raised(store)
    (slow,) = store.claim_notices(NOW, lease_s=20)
    assert store.keep_notice(slow, later(seconds=35), "letter: mail 1") is True
    assert store.claim_notices(later(seconds=34)) == []
    assert store.keep_notice(slow, later(seconds=50)) is True  # the receipt stays
    (next_one,) = store.claim_notices(later(seconds=51))
    assert (next_one.receipt, next_one.is_repeat) == ("letter: mail 1", True)
    assert store.keep_notice(slow, later(seconds=90)) is False  # it is another's now
    assert store.notice_sent(next_one, later(seconds=52)) is True


def test_a_failed_notice_waits_and_a_hopeless_one_is_a_dead_letter(store: Store) -> None:
    raised(store)
    (posted,) = store.claim_notices(NOW)
    assert store.notice_failed(posted, "HTTP 500", later(minutes=5))
    assert store.outbox_depth() == {"pending": 1, "dead": 0}
    assert store.claim_notices(later(minutes=4)) == []
    (again,) = store.claim_notices(later(minutes=5))
    assert (again.tries, again.code) == (1, "http-500")
    assert store.notice_failed(again, "gone", None)
    assert store.claim_notices(later(days=9)) == []
    assert store.outbox_depth() == {"pending": 0, "dead": 1}
    (dead,) = store.dead_letters(TENANT)
    assert (dead.state, dead.code) == ("dead", "gone")
    assert store.dead_letters("elsewhere") == []
    assert store.revive_notice("elsewhere", dead.id, later(days=10)) is False
    assert store.revive_notice(TENANT, dead.id, later(days=10)) is True
    (revived,) = store.claim_notices(later(days=10))
    assert revived.notice == dead.notice


def test_a_revived_dead_letter_has_all_its_tries_again_and_stays_a_repeat(store: Store) -> None:
    raised(store)
    for minute in range(5):
        (posted,) = store.claim_notices(later(minutes=minute))
        assert posted.is_repeat is (minute > 0)
        store.notice_failed(posted, "HTTP 500", later(minutes=minute + 1) if minute < 4 else None)
    (dead,) = store.dead_letters(TENANT)
    assert (dead.tries, dead.lease) == (5, 5)
    store.revive_notice(TENANT, dead.id, later(hours=1))
    (revived,) = store.claim_notices(later(hours=1))
    assert (revived.tries, revived.lease, revived.is_repeat) == (0, 6, True)
    store.notice_failed(revived, "HTTP 500", None)
    (dead,) = store.dead_letters(TENANT)
    assert (dead.tries, dead.lease) == (1, 6)


def test_a_sender_takes_only_its_audiences(store: Store) -> None:
    raised(store)
    assert store.claim_notices(NOW, audiences=[Audience.NURSE]) == []
    claimed: list[Posted] = store.claim_notices(NOW, audiences=[Audience.PHARMACIST])
    assert len(claimed) == 1
