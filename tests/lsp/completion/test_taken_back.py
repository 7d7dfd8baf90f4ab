"""What was deleted is not suggested again at the same place."""

import pytest

from sotto_lsp.completion.taken_back import TakenBack

URI = "file:///a.py"
DOCUMENT = "x = 1\ny = \nz = 3\n"
PLACE = DOCUMENT.index("y = ") + 4


def rejects(taken_back, text, *, document=DOCUMENT, place=PLACE, uri=URI):
    return taken_back.is_rejected(uri, document, place, text)


def test_deleted_text_is_rejected_at_its_place_alone():
    taken_back = TakenBack()
    taken_back.add(URI, DOCUMENT, PLACE, "foo(x)")
    assert rejects(taken_back, "foo(x)")
    assert rejects(taken_back, "foo")
    assert not rejects(taken_back, "bar(x)")
    assert not rejects(taken_back, "foo(x)", place=PLACE - 1)
    assert not rejects(taken_back, "foo(x)", document=DOCUMENT.replace("x = 1", "x = 2"))
    assert not rejects(taken_back, "foo(x)", uri="file:///b.py")


@pytest.mark.parametrize("forwards", [False, True])
def test_text_erased_sign_by_sign_is_one_deletion(forwards):
    taken_back = TakenBack()
    signs = list("foo(x)")
    for number, sign in enumerate(signs if forwards else reversed(signs)):
        place = PLACE if forwards else PLACE + len(signs) - 1 - number
        left = "" if forwards else "".join(signs[: len(signs) - 1 - number])
        taken_back.add(URI, DOCUMENT[:PLACE] + left + DOCUMENT[PLACE:], place, sign)
    assert rejects(taken_back, "foo(x)")


def test_deleted_sign_does_not_reject_all_that_begins_so():
    taken_back = TakenBack()
    taken_back.add(URI, DOCUMENT, PLACE, "f")
    assert rejects(taken_back, "f")
    assert not rejects(taken_back, "foo(x)")


def test_deleted_lines_are_rejected_whatever_ends_them():
    taken_back = TakenBack()
    taken_back.add(URI, DOCUMENT, PLACE, "foo(\r\n    x)")
    assert rejects(taken_back, "foo(\n    x)")


def test_closed_document_is_forgotten():
    taken_back = TakenBack()
    taken_back.add(URI, DOCUMENT, PLACE, "foo")
    taken_back.forget(URI)
    assert not rejects(taken_back, "foo")
