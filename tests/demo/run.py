# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The story of a chat, told against the emulator (`make demo`). The exit status is 1 if anything is not so."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from websockets.exceptions import WebSocketException

from ivschat_emulator import Emulator
from tests.demo.people import Frame, Person, describe
from tests.demo.playbooks import Run, run_playbook
from tests.demo.readme import is_shown, write
from tests.demo.terminal import Terminal
from tests.support.environment import CACHE, ROOT, aws_settings
from tests.support.service import list_logging_configurations, list_rooms, operations, zip_file

HERE = Path(__file__).resolve().parent
CHAT, MODERATE = (str((HERE / name).relative_to(ROOT)) for name in ("chat.yml", "moderate.yml"))
# The resources that chat.yml declares.
BUCKET, LOG_GROUP, FUNCTION = "demo-chat-messages", "/aws/vendedlogs/demo-chat", "demo-review"
EVERYTHING = {
    "rooms": ["lobby"],
    "logging configurations": ["demo-logs", "demo-s3"],
    "buckets": [BUCKET],
    "log groups": [LOG_GROUP],
    "functions": [FUNCTION],
    "roles": [FUNCTION],
}
NOTHING: dict[str, list[str]] = {kind: [] for kind in EVERYTHING}
# The task of the role live_chat whose module predicts no change for a function that does not exist.
PERMISSION = "Manage the permission of the chat service to invoke the function"
# Seconds between sentences: the room takes 3 messages per second, and only Max is to be too fast.
PAUSE = 0.4
# More messages than the room takes, and fewer than the 10 requests per second that the service allows each connection.
FLOOD = 9


class CheckFailed(Exception):
    """A claim of the demo is wrong. `found`: what is there instead."""

    def __init__(self, claim: str, found: Any = None) -> None:
        super().__init__(claim)
        self.found = "" if found is None else textwrap.shorten(str(found), 300)


@dataclass
class Story:
    """What the scenes share."""

    emulator: Emulator
    terminal: Terminal
    work: Path
    connections: ExitStack
    people: dict[str, Person] = field(default_factory=dict)
    insult: Frame = field(default_factory=dict)  # The message that the moderator deletes.
    preview: Run = field(default_factory=Run)  # The latest run in check mode.

    def client(self, service: str = "ivschat") -> Any:
        """Return a boto3 client, which looks at the emulator past the collection."""
        return self.emulator.client(service)

    def check(self, holds: bool, claim: str, found: Any = None) -> None:
        """Show a claim that holds, or end the demo."""
        if not holds:
            raise CheckFailed(claim, found)
        self.terminal.painted(f"{self.terminal.paint('green', '✓')} {claim}")

    def play(self, *arguments: str) -> Run:
        """Run a playbook, show it, and forget the calls of earlier ones."""
        self.emulator.forget_calls()
        settings = {**aws_settings(self.emulator.url), "REVIEW_ZIP": str(self.work / "review.zip")}
        run = run_playbook(self.terminal, *arguments, home=self.work, settings=settings)
        if run.status:
            raise CheckFailed("The playbook succeeds.", f"exit status {run.status}")
        self.terminal.line()
        return run

    def existing(self) -> dict[str, list[str]]:
        """Return the names of everything that exists."""
        names = {
            "rooms": [room["name"] for room in list_rooms(self.client())],
            "logging configurations": [each["name"] for each in list_logging_configurations(self.client())],
            "buckets": [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]],
            "log groups": [group["logGroupName"] for group in self.client("logs").describe_log_groups()["logGroups"]],
            "functions": [each["FunctionName"] for each in self.client("lambda").list_functions()["Functions"]],
            "roles": [role["RoleName"] for role in self.client("iam").list_roles()["Roles"]],
        }
        return {kind: sorted(found) for kind, found in names.items()}

    def say(self, name: str, content: str) -> Frame:
        """Let somebody say something, show it, and return the message or error that comes back."""
        time.sleep(PAUSE)
        (answer,) = self.people[name].say(content)
        self.deliver([answer], self.people[name])
        self.show_said(name, content, answer)
        return answer

    def deliver(self, answers: Sequence[Frame], sender: Person) -> None:
        """Let the others receive what the sender received, except errors, which are for the sender alone."""
        for _answer in (answer for answer in answers if answer["Type"] == "MESSAGE"):
            for person in self.people.values():
                if person is not sender:
                    person.receive()

    def show_said(self, name: str, content: str, answer: Frame) -> None:
        """Show what somebody said, and the error that came back, if one did."""
        who = self.terminal.paint({"Ada": "green", "Ben": "blue"}.get(name, "yellow"), name)
        error = "" if answer["Type"] == "MESSAGE" else self.terminal.paint("red", f"  ✗ {describe(answer, [])}")
        self.terminal.painted(f"{who}: {content}{error}", indent=4)


def preview(story: Story) -> None:
    """Preview the chat on an empty account
    In check mode, the playbook shows what it would create."""
    run = story.preview = story.play(CHAT, "--check", "--diff")
    story.check(len(run.changed) == 4, "4 changes are predicted.", run.changed)
    story.check(story.emulator.writes() == [], "No write calls were sent to the chat service.")
    story.check(story.existing() == NOTHING, "Nothing was created.", story.existing())


def create(story: Story) -> None:
    """Create the chat
    The role live_chat creates the room, and what it needs."""
    run = story.play(CHAT)
    story.check(story.existing() == EVERYTHING, "The room exists, and everything it needs.", story.existing())
    predicted = [task for task in run.changed if task in story.preview.changed]
    story.check(predicted == story.preview.changed, "All predicted changes were made.", run.changed)
    others = [task for task in run.changed if task not in predicted]
    claim = "amazon.aws could not predict 2 others: bucket and permission."
    story.check(others == [*story.preview.unpredicted, PERMISSION], claim, others)


def talk(story: Story) -> None:
    """Three people talk
    The room takes 3 messages per second, and a function reviews each message."""
    (room,) = (room["arn"] for room in list_rooms(story.client()))
    for name in ("Ada", "Ben", "Max"):
        story.people[name] = Person(name, room, story.emulator, story.connections)
    story.say("Ada", "Hello, everybody!")
    story.say("Ben", "Hi, Ada! When do we start?")
    story.say("Ada", "In five minutes.")

    time.sleep(1)  # Now the room can take 3 messages at once.
    answers = story.people["Max"].say("First!", times=FLOOD)
    delivered = [answer for answer in answers if answer["Type"] == "MESSAGE"]
    refused = [answer for answer in answers if answer["Type"] == "ERROR"]
    story.deliver(delivered, story.people["Max"])
    for same in filter(None, (delivered, refused)):
        story.show_said("Max", f"First! ({len(same)} times)", same[0])
    time.sleep(1)
    denied = story.say("Max", "Win big at my casino!")
    story.insult = story.say("Max", "Nobody likes you, Ben.")
    story.terminal.line()

    codes = {answer["ErrorCode"] for answer in refused}
    story.check(len(delivered) >= 3 and codes == {429}, "Max was too fast, and the service refused the rest.", codes)
    story.check(denied.get("ErrorCode") == 406, "The review function denied the casino.", denied)
    story.check(story.insult["Type"] == "MESSAGE", "It does not know every bad word: the insult was delivered.")
    seen = [person.seen for person in story.people.values()]
    story.check(seen[0] == seen[1] == seen[2], "All three saw the same messages, in the same order.")


def moderate(story: Story) -> None:
    """A moderator steps in
    A playbook deletes the insult, disconnects Max, and announces it."""
    run = story.play(MODERATE, "-e", f"message={story.insult['Id']}", "-e", "user=max")
    story.terminal.line("The clients of Ada and Ben receive:", indent=4)
    earlier = list(story.people["Ada"].seen)
    events = {name: [story.people[name].receive() for _change in run.changed] for name in ("Ada", "Ben")}
    for event in events["Ada"]:
        story.terminal.line(describe(event, earlier), indent=6)
    story.terminal.line()
    names = [event.get("EventName") for event in events["Ada"]]
    expected = ["aws:DELETE_MESSAGE", "aws:DISCONNECT_USER", "announcement"]
    story.check(names == expected and events["Ada"] == events["Ben"], "Ada and Ben received all 3 events.", events)
    deleted = events["Ada"][0]["Attributes"]["MessageId"]
    story.check(deleted == story.insult["Id"], "The deleted message is the insult.", deleted)
    code = story.people.pop("Max").client.close_code()
    users = sorted(connection["userId"] for connection in story.emulator.connections())
    story.check(
        (code, users) == (1000, ["ada", "ben"]), "Max is disconnected. Ada and Ben are still there.", (code, users)
    )


def stored(story: Story) -> None:
    """The messages are stored
    One logging configuration writes to the bucket, the other to the log group."""
    story.emulator.flush_logs()  # The service writes after 5 minutes to a bucket, and after seconds to a log group.
    s3, logs = story.client("s3"), story.client("logs")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    bodies = [gzip.decompress(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).decode() for key in keys]
    in_bucket = [json.loads(line) for body in bodies for line in body.splitlines()]
    in_bucket.sort(key=lambda record: str(record["event_timestamp"]))
    events = logs.filter_log_events(logGroupName=LOG_GROUP)["events"]
    in_log_group = [json.loads(event["message"]) for event in events]

    for key in keys:
        story.terminal.line(f"s3://{BUCKET}/{key.partition('/')[0]}/.../{key[-30:]}", indent=4)
    for stream in sorted({event["logStreamName"] for event in events}):
        story.terminal.line(f"{LOG_GROUP}, {stream}", indent=4)
    frames = [record["payload"] for record in in_bucket]
    lines = [f"{record['type']:8} {describe(record['payload'], frames)}" for record in in_bucket]
    for line, same in itertools.groupby(lines):
        number = len(list(same))
        story.terminal.line(line + (f" ({number} times)" if number > 1 else ""), "dim", indent=6)
    story.terminal.line()
    story.check(frames == story.people["Ada"].seen, "The bucket has all that Ada received, and no refused message.")
    story.check(in_log_group == in_bucket, "The log group has the same records.")


def drift(story: Story) -> None:
    """Somebody changes the room by hand
    The rate becomes 99, and the review is off. Check mode shows the drift."""
    (room,) = list_rooms(story.client())
    story.client().update_room(identifier=room["arn"], maximumMessageRatePerSecond=99, messageReviewHandler={"uri": ""})
    passed = story.say("Ben", "Is that casino gone?")
    story.terminal.line()
    run = story.preview = story.play(CHAT, "--check", "--diff")
    story.check(passed["Type"] == "MESSAGE", "Without the review, the word was delivered.", passed)
    story.check(len(run.changed) == 1, "Check mode predicts 1 change.", run.changed)
    difference = "\n".join(itertools.chain(*run.diffs))
    story.check("rate_per_second: 99" in difference and FUNCTION in difference, "It covers both settings.", difference)
    story.check(story.emulator.writes() == [], "No write calls were sent to the chat service.")


def repair(story: Story) -> None:
    """Repair the room
    The same playbook without check mode."""
    run = story.play(CHAT, "--diff")
    denied = story.say("Ben", "And the casino now?")
    story.terminal.line()
    story.check(run.diffs == story.preview.diffs, "The change is the one that check mode predicted.", run.diffs)
    sent = operations(story.emulator.writes())
    story.check(sent == ["UpdateRoom"], "1 write call was sent to the chat service: UpdateRoom.", sent)
    (room,) = list_rooms(story.client())
    rate = story.client().get_room(identifier=room["arn"])["maximumMessageRatePerSecond"]
    restored = (rate, denied.get("ErrorCode")) == (3, 406)
    story.check(restored, "The rate is 3, and the review is on.", (rate, denied))


def remove(story: Story) -> None:
    """Remove everything
    With another value of one variable, the playbook deletes what it created."""
    story.play(CHAT, "-e", "chat_state=absent")
    story.check(story.existing() == NOTHING, "Nothing is left.", story.existing())


SCENES = (preview, create, talk, moderate, stored, drift, repair, remove)


def tell(terminal: Terminal, scenes: Sequence[Callable[[Story], None]] = SCENES) -> int:
    """Play the scenes, and return the exit status."""
    work = CACHE / f"demo-{sys.version_info[0]}.{sys.version_info[1]}"
    work.mkdir(parents=True, exist_ok=True)
    # Once, because a zip file has times in it, and another file is another version of the function.
    (work / "review.zip").write_bytes(zip_file("review.py", (HERE / "review.py").read_text()))
    started = time.monotonic()
    terminal.line("The demo runs against an emulator of Amazon IVS Chat, not against AWS.", "bold", indent=0)
    try:
        with Emulator.start() as emulator, ExitStack() as connections:
            # On a busy machine, 200 milliseconds are not always enough to start Python.
            emulator.set(review_timeout=10)
            story = Story(emulator, terminal, work, connections)
            for number, scene in enumerate(scenes, 1):
                title, _newline, sentence = (scene.__doc__ or "").partition("\n")
                terminal.heading(f"{number}. {title}", sentence.strip())
                scene(story)
    except CheckFailed as error:
        terminal.line()
        terminal.line(f"✗ The demo ends here, because this is not so: {error}", "red")
        if error.found:
            terminal.line(f"Found instead: {error.found}", "red", indent=4)
        return 1
    except (OSError, RuntimeError, ClientError, BotoCoreError, WebSocketException) as error:
        terminal.line()
        terminal.line(f"✗ The demo ends here: {type(error).__name__}: {error}", "red")
        return 1
    except KeyboardInterrupt:
        return 130
    terminal.line()
    terminal.line(f"All of this was checked. The demo took {time.monotonic() - started:.0f} seconds.", "bold")
    return 0


def main() -> int:
    """Run the demo, and compare the excerpt in README.md with what it printed."""
    terminal, readme = Terminal(), ROOT / "README.md"
    status = tell(terminal)
    if status == 0 and os.environ.get("WRITE_README"):
        write(terminal.lines, readme)
    elif status == 0 and not is_shown(terminal.lines, readme):
        terminal.line("✗ README.md shows another scene 3. To update it, run WRITE_README=1 make demo.", "red")
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
