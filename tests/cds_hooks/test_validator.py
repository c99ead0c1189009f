"""The quick look for empty elements agrees with the one that names them."""

from typing import Any

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
    assert _is_filled(held, allow=("cards",)) is not bool(named)


def test_an_empty_element_is_named_wherever_it_stands() -> None:
    found = faults({"cards": [], "extension": {"org.x": {"a": [{"b": ""}, None]}}})
    assert found == [
        "response.extension.org.x.a[0].b: empty or null, must be left out",
        "response.extension.org.x.a[1]: empty or null, must be left out",
    ]
    assert faults({"cards": []}) == []
