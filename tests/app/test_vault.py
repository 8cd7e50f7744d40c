"""Credentials at rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.app import vault


@given(st.dictionaries(st.text(), st.text()))
def test_what_was_sealed_can_be_opened(values):
    assert vault.unseal(vault.seal(values)) == values


def test_what_is_stored_shows_nothing_and_never_looks_the_same():
    sealed = vault.seal({"key": "ck_hush"})
    assert b"hush" not in sealed and sealed != vault.seal({"key": "ck_hush"})
    assert vault.unseal(memoryview(sealed)) == {"key": "ck_hush"}
    assert vault.unseal(b"") == {}


def test_another_key_is_named_as_the_reason(settings):
    sealed = vault.seal({"key": "hush"})
    settings.SECRET_KEY = "another"
    with pytest.raises(vault.WrongKey) as caught:
        vault.unseal(sealed)
    assert caught.value.message.id == "vault.wrong_key"
