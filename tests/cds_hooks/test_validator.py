"""Each rule of the validator finds what breaks it, and a sound answer breaks none (CDS Hooks 2).

The quick look for empty elements agrees with the one that names them.
"""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cds_hooks.validator import _empties, _is_filled, faults

ATOMS = st.sampled_from(["x", "", None, 0, 1, False, True, 0.0, 2.5])
VALUES = st.recursive(
    ATOMS,
    lambda inside: st.one_of(
        st.lists(inside, max_size=3),
        st.dictionaries(st.sampled_from(["cards", "detail", "links"]), inside, max_size=3),
    ),
    max_leaves=12,
)


@given(held=st.dictionaries(st.sampled_from(["cards", "extension"]), VALUES, max_size=2))
def test_what_is_said_to_be_filled_has_nothing_to_name(held: dict[str, Any]) -> None:
    named = list(_empties(held, "response", allow=("cards",)))
    assert not (_is_filled(held) and named)
    # the other way round it may be asked in vain, where cards are empty
    assert _is_filled(held) or named or not held or not held.get("cards", True)


def test_an_empty_element_is_named_wherever_it_stands() -> None:
    found = faults({"cards": [], "extension": {"org.x": {"a": [{"b": ""}, None]}}})
    assert found == [
        "response.extension.org.x.a[0].b: empty or null, must be left out",
        "response.extension.org.x.a[1]: empty or null, must be left out",
    ]
    assert faults({"cards": []}) == []


ORDER = {"resourceType": "MedicationRequest", "id": "m-1"}
DELETE = {"type": "delete", "description": "stop it", "resourceId": "MedicationRequest/m-1"}
UPDATE = {"type": "update", "description": "less of it", "resource": ORDER}
SOUND = {
    "cards": [
        {
            "uuid": "u-1",
            "summary": "s" * 139,
            "detail": "d",
            "indicator": "warning",
            "source": {
                "label": "us",
                "url": "https://nms.example/",
                "topic": {"code": "1", "system": "http://snomed.info/sct"},
            },
            "suggestions": [
                {"uuid": "g-1", "label": "one", "isRecommended": True, "actions": [DELETE]},
                {"uuid": "g-2", "label": "two", "actions": [UPDATE]},
            ],
            "selectionBehavior": "at-most-one",
            "links": [
                {"label": "page", "type": "absolute", "url": "https://nms.example/p"},
                {"label": "app", "type": "smart", "url": "https://a.example/", "appContext": "x"},
            ],
            "overrideReasons": [{"code": "c", "system": "urn:s", "display": "shown"}],
            "extension": {"org.nms.card": {"rule": "r"}},
        },
        {"uuid": "u-2", "summary": "s", "indicator": "info", "source": {"label": "us"}},
    ],
    "extension": {"org.nms.answer": {"notice": "n"}},
}
Where = tuple[str | int, ...]
GONE = object()
CARD: Where = ("cards", 0)
ONE, TWO = (*CARD, "suggestions", 0), (*CARD, "suggestions", 1)
BROKEN: list[tuple[Where, Any, str]] = [
    (("cards",), GONE, "cards: missing"),
    (("cards",), {}, "cards: missing"),
    (("cards", 1), "card", "cards[1]: not an object"),
    (("systemActions",), [UPDATE], "systemActions"),
    (("cards", 1, "uuid"), "u-1", "share a uuid"),
    ((*CARD, "uuid"), 5, "uuid: must be a string"),
    ((*CARD, "summary"), GONE, "summary: required"),
    ((*CARD, "summary"), " ", "summary: required"),
    ((*CARD, "summary"), "s" * 140, "140 characters, must be fewer than 140"),
    ((*CARD, "indicator"), GONE, "indicator: must be one of"),
    ((*CARD, "indicator"), "success", "indicator: must be one of"),
    ((*CARD, "indicator"), "Warning", "indicator: must be one of"),
    ((*CARD, "source"), GONE, "source: required object"),
    ((*CARD, "source", "label"), GONE, "source.label: required string"),
    ((*CARD, "source", "label"), " ", "source.label: required string"),
    ((*CARD, "source", "url"), "/page", "source.url: must be an absolute URL"),
    ((*CARD, "source", "icon"), "icon.png", "source.icon: must be an absolute URL"),
    ((*CARD, "source", "topic"), "NMS", "source.topic: must be a Coding"),
    ((*CARD, "source", "topic", "code"), GONE, "source.topic.code: required"),
    ((*CARD, "source", "topic", "system"), GONE, "source.topic.system: required"),
    ((*CARD, "selectionBehavior"), GONE, "selectionBehavior: must be one of"),
    ((*CARD, "selectionBehavior"), "all", "selectionBehavior: must be one of"),
    ((*TWO, "isRecommended"), True, "more than one isRecommended"),
    ((*CARD, "suggestions"), {"label": "x"}, "suggestions: must be an array"),
    ((*ONE, "label"), GONE, "suggestions[0].label: required"),
    ((*ONE, "actions", 0, "type"), "DELETE", "actions[0].type: must be one of"),
    ((*ONE, "actions", 0, "description"), GONE, "actions[0].description: required"),
    ((*ONE, "actions", 0, "resourceId"), GONE, "a delete needs 'Type/id'"),
    ((*ONE, "actions", 0, "resourceId"), "m-1", "a delete needs 'Type/id'"),
    ((*ONE, "actions", 0, "resource"), ORDER, "resource: not used by a delete"),
    ((*TWO, "actions", 0, "resource"), GONE, "a update needs the whole resource"),
    ((*TWO, "actions", 0, "resource"), "MedicationRequest/m-1", "needs the whole resource"),
    ((*TWO, "actions", 0, "resource", "id"), GONE, "resource.id: an update needs it"),
    ((*TWO, "actions", 0, "extension"), {"short": 1}, "not a reverse-domain key"),
    ((*CARD, "links", 0, "label"), GONE, "links[0].label: required"),
    ((*CARD, "links", 0, "type"), "relative", "links[0].type: must be one of"),
    ((*CARD, "links", 0, "url"), "/p", "links[0].url: must be an absolute URL"),
    ((*CARD, "links", 0, "appContext"), "x", "appContext: only with a smart link"),
    ((*CARD, "links", 0), "https://nms.example", "links[0]: must be an object"),
    ((*CARD, "overrideReasons", 0, "code"), GONE, "overrideReasons[0].code: required"),
    ((*CARD, "overrideReasons", 0, "system"), GONE, "overrideReasons[0].system: required"),
    ((*CARD, "overrideReasons", 0, "display"), GONE, "overrideReasons[0].display: required"),
    ((*CARD, "extension"), ["x"], "extension: must be an object"),
    ((*CARD, "extension", "short"), 1, "not a reverse-domain key"),
    ((*CARD, "detail"), None, "detail: empty or null"),
    ((*CARD, "links"), [], "links: empty or null"),
    ((*CARD, "source", "topic"), {}, "topic: empty or null"),
    ((*ONE, "actions"), [None], "actions[0]: empty or null"),
]  # fmt: skip


def changed(where: Where, value: Any) -> Any:
    answer: Any = deepcopy(SOUND)
    held = answer
    for step in where[:-1]:
        held = held[step]
    if value is GONE:
        del held[where[-1]]
    else:
        held[where[-1]] = value
    return answer


def test_a_sound_answer_breaks_no_rule() -> None:
    assert faults(SOUND) == []
    any_of_them = changed((*TWO, "isRecommended"), True)
    any_of_them["cards"][0]["selectionBehavior"] = "any"
    assert faults(any_of_them) == []


@pytest.mark.parametrize(
    ("where", "value", "said"), BROKEN, ids=[f"{b[0][-1]}-{b[2][:30]}" for b in BROKEN]
)
def test_a_broken_rule_is_named(where: Where, value: Any, said: str) -> None:
    assert any(said in fault for fault in faults(changed(where, value)))


@pytest.mark.parametrize("response", [None, [], "cards", 5])
def test_what_is_no_object_is_no_answer(response: Any) -> None:
    assert faults(response) == ["response: not an object"]
