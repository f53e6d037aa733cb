from __future__ import annotations

import pickle

from actors.transport.endpoint import Endpoint, SealedAddress, Settings, new_address


def test_addresses_are_equal_by_token_and_can_be_keys() -> None:
    one, same, other = SealedAddress(b"1" * 8), SealedAddress(b"1" * 8), SealedAddress(b"2" * 8)
    assert one == same != other
    assert one != "1"
    assert {one: "x"}[same] == "x"
    assert str(one) == "31" * 8


def test_a_fresh_address_is_never_an_old_one() -> None:
    assert len({new_address().addressDetails for _ in range(1000)}) == 1000


def test_the_key_is_never_shown() -> None:
    settings = Settings("/folder", key=b"secret-secret-secret-secret-secr")
    endpoint = Endpoint(settings, new_address())
    assert "secret" not in repr(settings) + str(settings) + repr(endpoint)


def test_each_run_has_a_key_of_its_own() -> None:
    assert Settings("/folder").key != Settings("/folder").key


def test_an_endpoint_survives_the_way_to_a_spawned_child() -> None:
    endpoint = Endpoint(Settings("/folder", frozenset({("m", "C")})), new_address(), token=b"t" * 8, addrInst=3)
    again = pickle.loads(pickle.dumps(endpoint))
    assert (again.settings, again.token, again.addrInst) == (endpoint.settings, endpoint.token, 3)
    assert again.admin == endpoint.admin
