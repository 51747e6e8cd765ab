# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the page at /chat shows and does."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from playwright.sync_api import Locator, Page, expect
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from ivschat_emulator import Emulator
from tests.demo.sample_chat import BUCKET, LOG_GROUP, STREAM, create_sample_chat

OpenChat = Callable[..., Page]
CAPABILITIES = ("SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER")


def join(page: Page, user: str, *capabilities: str) -> None:
    """Connect as a user on the page."""
    page.get_by_label("User ID").fill(user)
    for capability in CAPABILITIES:
        page.get_by_label(capability).set_checked(capability in (capabilities or CAPABILITIES))
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(entries(page).filter(has_text=f"{user} is connected.")).to_be_visible()


def say(page: Page, user: str, content: str, attributes: str = "") -> None:
    """Send a message on the page."""
    page.get_by_label("Send as").select_option(user)
    page.get_by_label("Message", exact=True).fill(content)
    page.get_by_label("Message attributes").fill(attributes)
    page.get_by_role("button", name="Send message").click()


def entries(page: Page) -> Locator:
    """The entries of the log of the chosen room."""
    return page.get_by_role("log").get_by_role("listitem")


def moderate_as(page: Page, who: str, reason: str = "") -> None:
    page.get_by_label("Delete and disconnect as").select_option(label=who)
    page.get_by_label("Reason").fill(reason)


def user(page: Page, user_id: str) -> Locator:
    """The row of a user."""
    return page.get_by_role("list", name="Users").get_by_role("listitem").filter(has_text=user_id)


@pytest.fixture
def room(ivschat: Any) -> str:
    """The ARN of a room that takes short messages."""
    return str(ivschat.create_room(name="lobby", maximumMessageLength=20)["arn"])


# Rooms


def test_an_empty_account_says_how_to_create_a_room(page: Page, open_chat: OpenChat, emulator: Emulator) -> None:
    open_chat(region="eu-west-1")

    expect(page.get_by_text("There are no rooms in eu-west-1.")).to_be_visible()
    command = page.get_by_text("aws ivschat create-room --name lobby")
    expect(command).to_contain_text(f"AWS_ENDPOINT_URL={emulator.url} AWS_REGION=eu-west-1\n")
    expect(page.get_by_role("heading", name="Chat", exact=True)).to_be_hidden()


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_demonstration_room(page: Page, open_chat: OpenChat, emulator: Emulator, region: str) -> None:
    open_chat(region=region)

    for _again in range(2):  # The bucket and the log group of the first may remain.
        page.get_by_role("button", name="Create a demonstration room").click()
        expect(page.get_by_role("radio", name="demonstration")).to_be_focused()
        for destination in ("archive ACTIVE", "watch ACTIVE"):
            expect(page.get_by_role("definition").filter(has_text=destination)).to_be_visible()
        ivschat = emulator.client("ivschat", region)
        [room] = ivschat.list_rooms()["rooms"]
        ivschat.delete_room(identifier=room["arn"])
        page.get_by_role("button", name="Refresh").click()


def test_the_page_offers_all_regions(page: Page, open_chat: OpenChat) -> None:
    open_chat()

    offered = [text.strip() for text in page.get_by_label("Region").get_by_role("option").all_text_contents()]
    assert offered == sorted(boto3.session.Session().get_available_regions("ivschat"))


def test_a_room_of_the_chosen_region(page: Page, open_chat: OpenChat, emulator: Emulator, room: str) -> None:
    other = emulator.client("ivschat", "us-west-2").create_room(name="western")["arn"]
    open_chat(room)

    page.get_by_label("Region").select_option("us-west-2")

    expect(page.get_by_role("radio")).to_have_count(1)
    expect(page.get_by_role("definition").filter(has_text=other)).to_be_visible()
    page.reload()  # The URL says which one was chosen.
    expect(page.get_by_role("definition").filter(has_text=other)).to_be_visible()


def test_more_rooms_than_one_page_of_a_list(page: Page, open_chat: OpenChat, ivschat: Any) -> None:
    arns = [ivschat.create_room(name=f"room-{number}")["arn"] for number in range(51)]

    open_chat(arns[0])

    expect(page.get_by_role("radio")).to_have_count(51)
    expect(page.get_by_role("radio", name="room-0", exact=True)).to_be_checked()


def test_the_last_choice_counts(page: Page, open_chat: OpenChat, emulator: Emulator, ivschat: Any) -> None:
    rooms = {name: ivschat.create_room(name=name)["arn"] for name in ("first", "second", "third")}
    open_chat(rooms["first"])
    emulator.hold("GetRoom")

    with page.expect_response(lambda response: rooms["second"] in (response.request.post_data or "")):
        page.get_by_role("radio", name="second").check()
        emulator.wait_held()
        page.get_by_role("radio", name="third").check()
        expect(page.get_by_role("definition").filter(has_text=rooms["third"])).to_be_visible()
        emulator.release()
    page.wait_for_timeout(200)

    expect(page.get_by_role("definition").filter(has_text=rooms["third"])).to_be_visible()
    assert rooms["third"] in page.evaluate("decodeURIComponent(location.hash)")


def test_details_of_a_room(page: Page, open_chat: OpenChat, emulator: Emulator) -> None:
    open_chat(create_sample_chat(emulator)["questions"])

    terms = page.get_by_role("term").all_text_contents()
    assert terms == ["ARN", "Limits", "Message review handler", "Tags", "Logging configurations"]
    [_arn, limits, handler, tags, logging] = page.get_by_role("definition").all_text_contents()
    assert limits == "Message length 200, messages per second 10"
    assert handler == "arn:aws:lambda:us-east-1:123456789012:function:review (fallback result DENY)"
    assert (tags, logging) == ("stream=main", f"archive ACTIVES3 bucket {BUCKET}")


def test_refresh_shows_the_state_of_a_logging_configuration(
    page: Page, open_chat: OpenChat, emulator: Emulator, ivschat: Any
) -> None:
    open_chat(create_sample_chat(emulator)["questions"])
    emulator.set(transitions={"seconds": 60})
    [archive] = [each for each in ivschat.list_logging_configurations()["loggingConfigurations"] if "s3" in str(each)]
    ivschat.update_logging_configuration(identifier=archive["arn"], name="renamed")

    page.get_by_role("button", name="Refresh").click()

    expect(page.get_by_role("definition").filter(has_text="renamed UPDATING")).to_be_visible()
    expect(page.get_by_role("radio", name="questions")).to_be_checked()


def test_the_conversation_stays_when_another_room_is_chosen(page: Page, open_chat: OpenChat, ivschat: Any) -> None:
    rooms = [ivschat.create_room(name=name)["arn"] for name in ("first", "second")]
    open_chat(rooms[0])
    join(page, "ann")

    page.get_by_role("radio", name="second").check()
    expect(entries(page)).to_have_count(0)
    expect(page.get_by_label("Send as")).to_be_disabled()
    ivschat.send_event(roomIdentifier=rooms[0], eventName="meanwhile")
    page.get_by_role("radio", name="first").check()

    expect(entries(page).filter(has_text="meanwhile")).to_be_visible()
    expect(page.get_by_label("Send as")).to_have_value("ann")


# Users and messages


def test_two_users_talk(page: Page, open_chat: OpenChat, emulator: Emulator, room: str) -> None:
    open_chat(room)
    join(page, "ann", "SEND_MESSAGE")
    say(page, "ann", "is anybody here?")
    expect(entries(page).last).to_contain_text("Received by ann")
    page.get_by_label("User attributes").fill("color = red, team=a=b")
    join(page, "bob")

    say(page, "bob", "hello, ann", "mood=good")

    expect(entries(page).last).to_have_text(re.compile(r"bob hello, ann mood=good\s*Received by ann, bob\s*Delete$"))
    expect(entries(page).filter(has_text="anybody")).to_have_text(re.compile("Received by ann\\s*Delete$"))
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    expect(user(page, "ann")).to_have_text(re.compile("^annconnected.*SEND_MESSAGE$"))
    [bob] = emulator.connections(userId="bob")
    assert (bob["attributes"], bob["capabilities"]) == ({"color": "red", "team": "a=b"}, list(CAPABILITIES))


def test_the_next_user_is_typed_while_one_connects(page: Page, open_chat: OpenChat, room: str) -> None:
    open_chat(room)
    page.route("**/moto-api/ivschat/connections", lambda _route: None)  # Holds the requests until unroute.
    join(page, "ann")

    page.get_by_label("User ID").fill("mia")
    page.unroute("**/moto-api/ivschat/connections")
    expect(page.get_by_label("Send as")).to_have_value("ann")  # The page has gone on with ann.
    page.wait_for_timeout(200)

    expect(page.get_by_label("User ID")).to_have_value("mia")


@pytest.mark.parametrize(
    ("capabilities", "content", "error"),
    [
        (("SEND_MESSAGE",), "x" * 21, "Error 400 for ann: Messages must be less than 20 chars"),
        (("DELETE_MESSAGE",), "hi", "Error 403 for ann: The chat token does not have the capability SEND_MESSAGE"),
    ],
)
def test_errors_in_the_room(
    page: Page, open_chat: OpenChat, room: str, capabilities: tuple[str, ...], content: str, error: str
) -> None:
    open_chat(room)
    join(page, "ann", *capabilities)

    say(page, "ann", content)

    expect(entries(page).last).to_contain_text(f"{error} (message: {content})")


def test_a_denied_message(page: Page, open_chat: OpenChat, emulator: Emulator) -> None:
    open_chat(create_sample_chat(emulator)["lobby"])
    join(page, "ann")
    join(page, "bob")

    say(page, "ann", "buy spam")

    expect(entries(page).last).to_contain_text("Error 406 for ann: Spam is not allowed (message: buy spam)")
    assert entries(page).filter(has_text="spam").count() == 1


@pytest.mark.parametrize(
    ("button", "operation"),
    [("Connect", "CreateChatToken"), ("Create a token only", "CreateChatToken"), ("Send event", "SendEvent")],
)
def test_errors_of_operations(
    page: Page, open_chat: OpenChat, emulator: Emulator, room: str, button: str, operation: str
) -> None:
    open_chat(room)
    page.get_by_label("Event name").fill("poll")
    emulator.fault(operation, "ThrottlingException")

    page.get_by_role("button", name=button, exact=True).click()

    expect(page.get_by_role("alert")).to_have_text("ThrottlingException: An error that a test asked for")
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("alert")).to_be_empty()


def test_a_refused_parameter(page: Page, open_chat: OpenChat, room: str) -> None:
    """The service checks, not the page."""
    open_chat(room)
    page.get_by_label("User ID").fill("a" * 129)

    page.get_by_role("button", name="Connect", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("ValidationException: ")
    expect(page.get_by_label("User ID")).to_have_value("a" * 129)


def test_attributes_that_are_no_pairs(page: Page, open_chat: OpenChat, room: str) -> None:
    open_chat(room)
    page.get_by_label("User attributes").fill("red")

    page.get_by_role("button", name="Connect", exact=True).click()

    expect(page.get_by_role("alert")).to_have_text("Attributes: red must be name=value pairs, separated by commas.")


def test_a_lost_response(page: Page, open_chat: OpenChat, emulator: Emulator, room: str) -> None:
    open_chat(room)
    emulator.fault("CreateChatToken", "ConnectionReset", count=9)  # Browsers repeat requests.

    page.get_by_role("button", name="Connect", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("The emulator did not respond.")


def test_a_refused_handshake(page: Page, open_chat: OpenChat, emulator: Emulator, room: str) -> None:
    open_chat(room)
    emulator.fault("Connect", "AccessDeniedException")

    page.get_by_role("button", name="Connect", exact=True).click()

    expect(entries(page).last).to_contain_text("ann was refused.")
    expect(user(page, "ann")).to_contain_text("refused")
    page.get_by_role("button", name="Connect again as ann").click()
    expect(user(page, "ann")).to_contain_text("connected")


def test_leave_and_connect_again(page: Page, open_chat: OpenChat, emulator: Emulator, room: str) -> None:
    open_chat(room)
    join(page, "ann", "SEND_MESSAGE")

    page.get_by_role("button", name="Leave as ann").click()

    expect(entries(page).last).to_contain_text("ann is disconnected, close code 1000.")
    expect(page.get_by_label("Send as")).to_be_disabled()
    page.get_by_role("button", name="Connect again as ann").click()
    expect(page.get_by_role("button", name="Leave as ann")).to_be_visible()
    assert emulator.connections(userId="ann")[0]["capabilities"] == ["SEND_MESSAGE"]
    expect(user(page, "ann")).to_have_count(1)


def test_a_reset_of_the_emulator(page: Page, open_chat: OpenChat, emulator: Emulator, room: str) -> None:
    open_chat(room)
    join(page, "ann")

    emulator.reset()

    expect(entries(page).last).to_contain_text("ann is disconnected, close code 1001.")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("There are no rooms in us-east-1.")).to_be_visible()


def test_a_token_for_another_client(page: Page, open_chat: OpenChat, emulator: Emulator, room: str) -> None:
    open_chat(room)
    page.get_by_label("User ID").fill("mobile")
    page.get_by_label("Session (minutes)").fill("5")
    page.get_by_role("button", name="Create a token only").click()
    shown = page.get_by_text("Connects one client to this room within a minute:")
    token = shown.get_by_role("code").inner_text()

    with connect(emulator.websocket_url, subprotocols=[Subprotocol(token)], proxy=None) as client:
        expect(user(page, "mobile")).to_have_text("mobileconnected by another clientDisconnectSEND_MESSAGE")
        page.get_by_role("button", name="Disconnect mobile").click()
        frame = json.loads(client.recv(timeout=10))
    assert (frame["EventName"], frame["Attributes"]) == ("aws:DISCONNECT_USER", {"UserId": "mobile"})
    expect(user(page, "mobile")).to_have_count(0)


# Moderation and events


def test_delete_a_message_with_the_api(page: Page, open_chat: OpenChat, emulator: Emulator, room: str) -> None:
    open_chat(room)
    join(page, "ann", "SEND_MESSAGE")
    say(page, "ann", "rude")
    moderate_as(page, "Your backend (API)", "Breach of the rules")

    page.get_by_role("button", name="Delete the message rude of ann").click()

    expect(entries(page).last).to_contain_text("Reason=Breach of the rules")
    expect(entries(page).filter(has_text="rude")).to_contain_text("ann rude (deleted)")
    expect(page.get_by_role("button", name="Delete the message")).to_have_count(0)
    expect(page.get_by_role("log")).to_be_focused()
    [call] = emulator.calls("DeleteMessage")
    assert call["parameters"]["reason"] == "Breach of the rules"


def test_delete_a_message_as_a_user(page: Page, open_chat: OpenChat, emulator: Emulator, room: str) -> None:
    open_chat(room)
    join(page, "ann", "SEND_MESSAGE")
    join(page, "bob", "DELETE_MESSAGE")
    say(page, "ann", "rude")
    delete = page.get_by_role("button", name="Delete the message rude of ann")

    moderate_as(page, "ann")
    delete.click()
    expect(entries(page).last).to_have_text(re.compile("The chat token does not have the capability DELETE_MESSAGE$"))
    moderate_as(page, "bob")
    delete.click()

    expect(entries(page).filter(has_text="rude")).to_contain_text("(deleted)")
    assert emulator.calls("DeleteMessage") == []


@pytest.mark.parametrize("moderator", ["Your backend (API)", "mia"])
def test_disconnect_a_user(page: Page, open_chat: OpenChat, emulator: Emulator, room: str, moderator: str) -> None:
    open_chat(room)
    join(page, "ann")
    join(page, "mia", "DISCONNECT_USER")
    moderate_as(page, moderator, "rude")

    page.get_by_role("button", name="Disconnect ann").click()

    expect(entries(page).filter(has_text="aws:DISCONNECT_USER")).to_contain_text("Reason=rude, UserId=ann")
    expect(entries(page).last).to_contain_text("ann is disconnected, close code 1000.")
    expect(user(page, "ann")).to_contain_text("disconnected")
    assert [each["userId"] for each in emulator.connections()] == ["mia"]
    assert len(emulator.calls("DisconnectUser")) == (moderator != "mia")


def test_send_an_event(page: Page, open_chat: OpenChat, room: str) -> None:
    open_chat(room)
    join(page, "ann")
    page.get_by_label("Event name").fill("poll")
    page.get_by_label("Event attributes").fill("question=Who wins?, seconds=30")

    page.get_by_role("button", name="Send event").click()

    expect(entries(page).last).to_contain_text("Event poll question=Who wins?, seconds=30")


# Destinations


def test_logged_records(page: Page, open_chat: OpenChat, emulator: Emulator) -> None:
    open_chat(create_sample_chat(emulator)["lobby"])
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("No records yet.")).to_have_count(3)
    join(page, "ann")
    say(page, "ann", "to be kept")
    expect(entries(page).last).to_contain_text("to be kept")

    page.get_by_role("button", name="Flush and show").click()

    expect(page.get_by_text("Records written: 3")).to_be_visible()
    for title in (
        f"archive: S3 bucket {BUCKET}",
        f"watch: Log group {LOG_GROUP}",
        f"analysis: Firehose stream {STREAM}",
    ):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    records = page.get_by_role("list", name="Records in").get_by_role("listitem")
    expect(records).to_have_count(3)
    s3 = emulator.client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix="AWSLogs/")["Contents"]]
    [stored] = [gzip.decompress(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).decode() for key in keys]
    assert records.all_text_contents() == [stored.rstrip()] * 3
    assert "to be kept" in stored


def test_a_destination_that_is_gone(page: Page, open_chat: OpenChat, emulator: Emulator) -> None:
    open_chat(create_sample_chat(emulator)["questions"])
    emulator.client("s3").delete_bucket(Bucket=BUCKET)

    page.get_by_role("button", name="Show", exact=True).click()

    expect(page.get_by_text("NoSuchBucket: ")).to_be_visible()


def test_a_room_without_logging(page: Page, open_chat: OpenChat, room: str) -> None:
    open_chat(room)

    page.get_by_role("button", name="Show", exact=True).click()

    expect(page.get_by_text("The room has no logging configurations.")).to_be_visible()


# Safety

HTML = "<img src=x onerror=\"document.title='run'\">"


def test_nothing_that_users_write_is_html(page: Page, open_chat: OpenChat, emulator: Emulator) -> None:
    ivschat = emulator.client("ivschat")
    emulator.client("logs").create_log_group(logGroupName="/aws/vendedlogs/chat")
    destination = {"cloudWatchLogs": {"logGroupName": "/aws/vendedlogs/chat"}}
    logging = ivschat.create_logging_configuration(name="watch", destinationConfiguration=destination)["arn"]
    arn = ivschat.create_room(name="lobby", loggingConfigurationIdentifiers=[logging], tags={"k": HTML})["arn"]
    open_chat(arn)
    join(page, HTML)
    say(page, HTML, HTML, f"a={HTML}")
    ivschat.send_event(roomIdentifier=arn, eventName=HTML, attributes={HTML: HTML})
    expect(entries(page).filter(has_text="Event")).to_contain_text(HTML)
    page.get_by_role("button", name="Delete the message").click()
    expect(page.get_by_text("(deleted)")).to_be_visible()
    page.get_by_role("button", name="Flush and show").click()
    expect(page.get_by_text("Records written")).to_be_visible()
    say(page, HTML, HTML * 50)
    expect(entries(page).last).to_contain_text("Error 400")

    assert page.get_by_text(HTML).count() > 5
    assert page.locator("img, iframe, main script").count() == 0
    assert page.title() == "IVS Chat emulator"


def test_inline_scripts_are_refused(page: Page, open_chat: OpenChat, browser: Any) -> None:
    """The second line of defense: the policy of the page, in a tab of its own, since the refusal is an error."""
    tab = page.context.new_page()
    tab.goto("/chat")
    tab.evaluate("html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", HTML)
    tab.wait_for_timeout(200)
    assert tab.title() == "IVS Chat emulator"
