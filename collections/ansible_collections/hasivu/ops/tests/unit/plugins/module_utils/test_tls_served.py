"""What is seen of servers that serve what is wrong, and of those that serve nothing; over real sockets."""

import json
import socket
import time

import pytest
from ansible_collections.hasivu.ops.plugins.action.in_worker import call_main
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_chain import chain_problem
from ansible_collections.hasivu.ops.plugins.module_utils.tls_served import TlsError, addresses_of, read_served
from ansible_collections.hasivu.ops.plugins.modules.tls_endpoint_info import look
from cryptography import x509
from support.authority import NOW, Authority, listening, small_rsa, tls

ROOT = Authority("root")
MIDDLE = Authority("middle", ROOT)
HOST = "app.example.org"
HERE = "127.0.0.1"


def chain(port, protocol="tls"):
    served = read_served(HOST, HERE, port, protocol, 5)
    return [x509.load_der_x509_certificate(content) for content in served.chain]


def test_the_whole_chain_is_read(tmp_path):
    server = MIDDLE.server(HOST)
    with listening(tls(tmp_path, server, MIDDLE)) as port:
        assert chain(port) == [server.certificate, MIDDLE.certificate]
    with listening(tls(tmp_path, server)) as port:
        seen = chain(port)
    assert chain_problem(seen, [ROOT.certificate], NOW)["kind"] == "incomplete"


def test_a_key_that_clients_refuse_is_read_all_the_same(tmp_path):
    weak = ROOT.server(HOST, key=small_rsa())
    with listening(tls(tmp_path, weak)) as port:
        assert chain(port) == [weak.certificate]


def test_a_database_is_asked_for_tls_first(tmp_path):
    server = ROOT.server(HOST)

    def agree(connection):
        assert connection.recv(8)[4:] == b"\x04\xd2\x16\x2f"
        connection.sendall(b"S")

    with listening(tls(tmp_path, server, before=agree)) as port:
        assert chain(port, "postgresql") == [server.certificate]


def test_a_database_without_tls_is_told():
    def refuse(connection):
        connection.recv(8)
        connection.sendall(b"N")

    with listening(refuse) as port, pytest.raises(TlsError, match="without TLS"):
        chain(port, "postgresql")


def test_a_server_that_speaks_something_else_is_told():
    def refuse(connection):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listening(refuse) as port, pytest.raises(TlsError, match="does not speak TLS"):
        chain(port)


def test_a_server_that_says_nothing_is_given_up_in_time():
    def listen_on(connection):
        while connection.recv(100_000):
            pass

    with listening(listen_on) as port:
        begun = time.monotonic()
        with pytest.raises(TlsError, match=r"did not answer within 0\.2 seconds"):
            read_served(HOST, HERE, port, "tls", 0.2)
        assert time.monotonic() - begun < 5


def test_nobody_at_the_door_is_told():
    with socket.socket() as closed:
        closed.bind((HERE, 0))
        with pytest.raises(TlsError, match="cannot be reached"):
            chain(closed.getsockname()[1])


def test_a_name_without_an_address_is_told():
    with pytest.raises(TlsError, match="cannot be resolved"):
        addresses_of("no-such-host.invalid", 443)
    assert addresses_of("127.0.0.1", 443) == ["127.0.0.1"]


def test_an_endpoint_that_is_down_does_not_keep_the_others_from_being_seen(tmp_path):
    server = ROOT.server(HOST)
    head = {"host": HOST, "address": HERE, "protocol": "tls", "names": ["b.example.org"], "renewal": "store"}
    with socket.socket() as closed, listening(tls(tmp_path, server)) as port:
        closed.bind((HERE, 0))
        entries = [
            {**head, "port": closed.getsockname()[1], "ca_bundle": "b"},
            {**head, "port": port, "ca_bundle": "b"},
        ]
        down, up = (look(entry, {"b": [ROOT.certificate]}, 5)[0] for entry in entries)
    assert "cannot be reached" in down["error"]
    assert (up["error"], up["names"]) == ("", [HOST, "b.example.org"])
    assert len(up["certificates"]) == 1


def test_a_bundle_that_is_missing_is_bad_input():
    arguments = {"endpoints": [{"host": HOST}], "ca_bundle": "/nowhere.pem"}
    result = json.loads(call_main("hasivu.ops.tls_endpoint_info", arguments))
    assert (result["failed"], result["stop"]) == (True, "bad_input")
    assert "/nowhere.pem" in result["msg"]
