import json

from hypothesis import given
from hypothesis import strategies as st

from hybrid_capture.setup import json_text
from hybrid_capture.setup.edits import apply
from hybrid_capture.setup.json_text import Layout

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=4)
INDENTS = st.sampled_from([None, 1, 2, 4, "\t"])


@given(OBJECTS, INDENTS)
def test_every_member_is_found_where_it_stands(data: dict[str, object], indent: int | str | None) -> None:
    text = " \n" + json.dumps(data, indent=indent)
    found = json_text.parts(text, json_text.start_of(text))
    assert {part.key: part.value for part in found} == data
    assert [json.loads(text[part.value_at : part.end]) for part in found] == list(data.values())
    assert all(text[part.start] == '"' for part in found)


@given(OBJECTS, INDENTS, VALUES)
def test_a_member_that_is_added_is_there_and_everything_else_stays(
    data: dict[str, object], indent: int | str | None, value: object
) -> None:
    text = json.dumps(data, indent=indent)
    layout = json_text.layout_of(text)
    new = [f'"new key": {json_text.told(value, layout, 1)}', '"other": 1']
    after = apply(text, json_text.added(text, 0, 1, new, layout))[0]
    assert json.loads(after) == {**data, "new key": value, "other": 1}
    for key in ("other", "new key"):
        index = [part.key for part in json_text.parts(after, 0)].index(key)
        after = apply(after, [json_text.removed(after, 0, index)])[0]
    assert json.loads(after) == data


@given(st.lists(VALUES, min_size=1, max_size=4), INDENTS, st.data())
def test_an_element_is_taken_out_with_its_comma(
    values: list[object], indent: int | str | None, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(values) - 1))
    text = json.dumps(values, indent=indent)
    after = apply(text, [json_text.removed(text, 0, index)])[0]
    assert json.loads(after) == values[:index] + values[index + 1 :]


def test_the_layout_is_that_of_the_first_member() -> None:
    assert json_text.layout_of('{\n    "a": 1}') == Layout("    ", "\n")
    assert json_text.layout_of('{\r\n\t"a": 1\r\n}') == Layout("\t", "\r\n")
    assert json_text.layout_of('{"a": 1}\n') == Layout("", "\n")
    assert json_text.layout_of("{}") == Layout("  ", "\n")


def test_of_two_members_with_one_name_the_last_counts() -> None:
    found = json_text.member('{"a": 1, "b": 2, "a": 3}', 0, "a")
    assert found is not None
    assert found.value == 3
    assert json_text.member("{}", 0, "a") is None
