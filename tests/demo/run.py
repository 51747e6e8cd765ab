# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Demonstrate the collection against the emulator, and fail if a result is not as expected (`make demo`)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ivschat_emulator import Emulator
from tests.support.environment import CACHE, aws_settings
from tests.support.playbooks import run_ansible
from tests.support.service import list_logging_configurations, list_rooms, operations, zip_file

HERE = Path(__file__).resolve().parent

RESET, BOLD, GREEN, RED = ("\033[0m", "\033[1m", "\033[32m", "\033[31m") if sys.stdout.isatty() else ("",) * 4
REVIEW = "def handler(event, context):\n    return {'ReviewResult': 'ALLOW', 'Content': event['Content']}\n"


class Demo:
    """The steps that were shown, and what was expected of them."""

    def __init__(self, emulator: Emulator, work: Path) -> None:
        self.emulator = emulator
        self.steps: list[tuple[str, str]] = []
        self.broken: list[str] = []
        self.expectations = 0
        self.review = work / "review.zip"
        self.review.write_bytes(zip_file("review.py", REVIEW))
        self.work = work
        self.settings = {
            **aws_settings(emulator.url),
            "ANSIBLE_FORCE_COLOR": str(sys.stdout.isatty()),
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "False",
            "ANSIBLE_DEPRECATION_WARNINGS": "False",
        }

    def play(self, *options: str) -> tuple[int, str]:
        """Run the playbook, show its output, and return how many tasks changed something, and the output."""
        print(f"$ {' '.join(['ansible-playbook', *options, 'tests/demo/chat.yml'])}", flush=True)
        self.emulator.forget_calls()
        arguments = ["-e", f"review_zip={self.review}", *options, "chat.yml"]
        done = run_ansible(
            "ansible-playbook", *arguments, home=self.work, directory=HERE, echo=True, settings=self.settings
        )
        plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
        recap = re.search(r"ok=\d+\s+changed=(\d+)\s+unreachable=0\s+failed=0", plain)
        self.expect(done.returncode == 0 and recap is not None, "the playbook completes without a failure")
        return int(recap[1]) if recap else -1, plain

    def title(self, text: str) -> None:
        print(f"\n{BOLD}== {text}{RESET}", flush=True)

    def expect(self, holds: bool, what: str) -> None:
        self.expectations += 1
        if not holds:
            self.broken.append(what)
            print(f"{RED}NOT AS EXPECTED: {what}{RESET}")

    def note(self, step: str, result: str) -> None:
        self.steps.append((step, result))

    def names(self) -> list[list[str]]:
        """Ask the emulator itself, past the collection, which rooms and logging configurations there are."""
        client = self.emulator.client("ivschat")
        return [
            sorted(room["name"] for room in list_rooms(client)),
            sorted(configuration["name"] for configuration in list_logging_configurations(client)),
        ]


def main() -> int:
    work = CACHE / f"demo-{sys.version_info[0]}.{sys.version_info[1]}"
    work.mkdir(parents=True, exist_ok=True)
    with Emulator.start() as emulator:
        demo = Demo(emulator, work)
        everything = [["backstage", "lobby", "questions"], ["archive", "watch"]]

        demo.title("1. Preview the chat on an empty account")
        changed, _output = demo.play("--check", "--diff")
        demo.expect(changed > 0 and demo.names() == [[], []], "changes are predicted and nothing is created")
        demo.expect(demo.emulator.writes() == [], "no write calls are sent in check mode")
        demo.note(
            "Preview the chat", f"{changed} tasks would change resources, {len(demo.emulator.writes())} write calls"
        )

        demo.title("2. Create the chat")
        changed, _output = demo.play()
        demo.expect(changed > 0 and demo.names() == everything, "3 rooms and 2 logging configurations exist")
        demo.note("Create the chat", f"{changed} tasks changed resources; 3 rooms and 2 logging configurations exist")

        demo.title("3. Run the playbook again: no changes")
        changed, _output = demo.play()
        demo.expect(changed == 0, "no task changes anything")
        demo.expect(demo.emulator.writes() == [], "no write calls are sent")
        demo.note(
            "Run the playbook again",
            f"{changed} tasks changed, {len(demo.emulator.writes())} write calls to the service",
        )

        demo.title("4. A room is changed manually: check mode detects the drift")
        drift(emulator)
        changed, predicted = demo.play("--check", "--diff")
        demo.expect(changed == 1, "one task would change a resource")
        demo.expect('-    "maximum_message_rate_per_second": 99,' in predicted, "the diff shows the current value")
        demo.expect('+    "maximum_message_rate_per_second": 10,' in predicted, "the diff shows the declared value")
        demo.expect(demo.emulator.writes() == [], "no write calls are sent in check mode")
        demo.note("Detect drift in check mode", f"diff shown, {len(demo.emulator.writes())} write calls")

        demo.title("5. Repair the drift")
        changed, repaired = demo.play("--diff")
        demo.expect(changed == 1, "one task changed a resource")
        demo.expect(diff_of(repaired) == diff_of(predicted), "the diff is the one that check mode predicted")
        writes = operations(demo.emulator.writes())
        demo.expect(writes == ["UpdateRoom", "UntagResource"], "only the differences are sent")
        demo.note("Repair the drift", f"diff as predicted; write calls: {', '.join(writes)}")

        demo.title("6. Preview the deletion")
        changed, predicted = demo.play("--check", "-e", "chat_state=absent")
        demo.expect(changed > 0 and demo.names() == everything, "deletions are predicted and nothing is deleted")
        demo.expect("because 3 room(s) use it" in " ".join(predicted.split()), "a warning names the rooms in use")
        demo.expect(demo.emulator.writes() == [], "no write calls are sent in check mode")
        demo.note(
            "Preview the deletion", f"{changed} tasks would change resources, {len(demo.emulator.writes())} write calls"
        )

        demo.title("7. Delete everything")
        changed, _output = demo.play("-e", "chat_state=absent")
        demo.expect(changed > 0 and demo.names() == [[], []], "no rooms and no logging configurations remain")
        changed_again, _output = demo.play("-e", "chat_state=absent")
        demo.expect(changed_again == 0, "deleting again changes nothing")
        demo.note(
            "Delete everything", f"{changed} tasks changed resources, a second run {changed_again}; nothing remains"
        )
        return finish(demo)


def drift(emulator: Emulator) -> None:
    """Change a room behind the back of the playbook: its rate, and a tag that nobody declared."""
    client = emulator.client("ivschat")
    (lobby,) = client.list_rooms(name="lobby")["rooms"]
    client.update_room(identifier=lobby["arn"], maximumMessageRatePerSecond=99)
    client.tag_resource(resourceArn=lobby["arn"], tags={"by": "hand"})


def diff_of(output: str) -> list[str]:
    """Return the lines of a play's output that belong to a difference."""
    return [line for line in output.splitlines() if line[:1] in ("+", "-", "@")]


def finish(demo: Demo) -> int:
    """Say what was shown, and return the exit status."""
    demo.title("Summary: all steps ran against an emulator of Amazon IVS Chat, not against an AWS account")
    width = max(len(step) for step, _result in demo.steps)
    for number, (step, result) in enumerate(demo.steps, 1):
        print(f"  {number}. {step:{width}}  {result}")
    if demo.broken:
        print(f"\n{RED}{len(demo.broken)} of {demo.expectations} expectations were not met:{RESET}")
        for what in demo.broken:
            print(f"  - {what}")
        return 1
    print(f"\n{GREEN}All {demo.expectations} expectations were met.{RESET} The playbook is tests/demo/chat.yml.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
