# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the page at /chat is served; tests/browser tests what it does."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPResponse
from importlib.resources import files
from typing import Any

import pytest

from emulator.tests.chat import Chat
from ivschat_emulator import Emulator


def respond(emulator: Emulator, path: str, method: str = "GET") -> HTTPResponse:
    response = urllib.request.urlopen(urllib.request.Request(emulator.url + path, method=method), timeout=20)
    assert isinstance(response, HTTPResponse)
    return response


@pytest.mark.parametrize(
    ("path", "name", "kind"), [("/chat", "chat.html", "text/html"), ("/chat.js", "chat.js", "text/javascript")]
)
def test_files_of_the_page(emulator: Emulator, path: str, name: str, kind: str) -> None:
    with respond(emulator, path) as response:
        assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert "script-src 'self';" in response.headers["Content-Security-Policy"]
        assert response.read() == files("ivschat_emulator").joinpath(name).read_bytes()
    with respond(emulator, path, "HEAD") as response:
        assert (response.status, response.read()) == (200, b"")


def test_reading_the_page_is_no_call(emulator: Emulator) -> None:
    respond(emulator, "/chat").close()

    assert emulator.calls(service=None) == []


@pytest.mark.parametrize("bucket", ["chat", "chat.js"])
def test_a_bucket_with_the_name_of_the_page(clients: Callable[..., Any], emulator: Emulator, bucket: str) -> None:
    s3 = clients("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="chat", Body=b"content")

    assert [entry["Key"] for entry in s3.list_objects(Bucket=bucket)["Contents"]] == ["chat"]
    presigned = s3.generate_presigned_url("list_objects", Params={"Bucket": bucket})
    with urllib.request.urlopen(presigned, timeout=20) as response:
        assert b"<ListBucketResult" in response.read()
    with respond(emulator, f"/{bucket}") as response:
        assert b"ListBucketResult" not in response.read()


def test_other_methods_are_not_for_the_page(emulator: Emulator) -> None:
    with pytest.raises(urllib.error.HTTPError):
        respond(emulator, "/chat", "DELETE")


def test_clients_connect_at_the_path_of_the_page(chat: Chat) -> None:
    """Chat clients may use any path."""
    client = chat.connect(chat.token(), path="/chat")

    client.say("hello")

    assert client.receive()["Content"] == "hello"
