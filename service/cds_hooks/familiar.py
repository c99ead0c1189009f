"""A prefetch that came before, byte for byte, is known before anything of it is parsed.

Most calls about a chart bring the same prefetch as the call before. Such a call is read with MARK
standing where the known text stood: JSON is parsed alike around one value or another, and that the
decoder finds MARK as the call's `prefetch` proves that the known text was just that. The hook, the
context and the orders are read and checked in each call; whose prefetch it is as well: what is
known is known of one tenant and one patient.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import orjson

from service.cds_hooks.prefetch import Filled, Prefetched
from service.cds_hooks.recall import Recall, Sent, Whole
from service.cds_hooks.request import HookCall, prefetch_of, read_around
from service.cds_hooks.services import Service
from service.errors import BadInput
from service.fhir.limits import Limits, check_structure
from service.fhir.reader import ReadContext

# told to nobody: no client can send it
MARK = orjson.dumps(uuid4().hex)
# of a call's patient a guess, as good as it is quick: the call itself is read all the same
_PATIENT = re.compile(rb'"patientId"\s*:\s*"(?:Patient/)?([A-Za-z0-9\-.]{1,64})"')
_BEGINS = re.compile(rb'"prefetch"\s*:\s*')


def familiar(
    body: bytes,
    service: Service,
    limits: Limits,
    recall: Recall,
    context_of: Callable[[str], ReadContext],
) -> HookCall | None:
    """The call, if its prefetch is known as it is; None when it must be read from the beginning,
    also when something is wrong with it.

    `body`: within the limits of `check_bytes`. `context_of`: how a patient's data are read.
    """
    begins = _BEGINS.search(body)
    named = _PATIENT.search(body, 0, begins.start()) if begins else None
    if begins is None or named is None:
        return None
    at, patient = begins.end(), named[1].decode()
    whole = recall.whole(context_of(patient))
    if whole is None or not body.startswith(whole.text, at):
        return None
    short = body[:at] + MARK + body[at + len(whole.text) :]
    try:
        check_structure(short, limits)
        call = read_around(short, service, MARK, whole)
    except BadInput:
        return None
    return call if call is not None and call.patient == patient else None


def learn(
    call: HookCall, prefetched: Prefetched, sent: Sent, recall: Recall, context: ReadContext
) -> None:
    """Remember the prefetch of a call whose resources were all known: the next one like it will
    not be taken apart."""
    text = bytes(prefetch_of(call.body))
    begins = _BEGINS.search(call.body)
    if begins is None or text[:1] != b"{" or not call.body.startswith(text, begins.end()):
        return
    came = {key: Filled(failed=one.failed, more=one.more) for key, one in call.prefetch.items()}
    recall.learn(context, Whole(text, came, replace(prefetched, entries=()), sent))
