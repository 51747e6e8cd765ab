# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the ways to manage N rooms side by side, and write docs/benchmarks.md (`make bench`): run.py SIZES."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ivschat_emulator import Emulator
from tests.bench import plot
from tests.support.environment import ACCESS_KEY, CACHE, REGION, ROOT, SECRET_KEY, ansible_environment
from tests.support.service import list_rooms, operations

HERE = Path(__file__).resolve().parent

WORK = CACHE / "bench"
DURATIONS = WORK / "durations"
SIZES = (1, 10, 100, 1000)
WAYS = {
    "loop": "loop of `ivschat_room`",
    "stack": "`ivschat_stack`",
    "cli": "AWS CLI script",
    "boto3": "boto3 script",
}
# The step, and what the rooms are to be in it.
STEPS = {"create": "present", "no change": "present", "one drifted": "present", "delete": "absent"}
REPEATS = 3
LATENCY = 0.03
ROOM_CALLS = 5  # of each operation a second: the service's quota
QUOTA_WINDOW = 1.0  # seconds in which the service counts
ROUNDS = 31  # of single tasks
MEBIBYTE = 1024  # in the kibibytes of ru_maxrss


@dataclass(frozen=True)
class Run:
    """What one command took."""

    seconds: float
    calls: int
    memory: float  # MiB, of its heaviest process
    processor: float  # seconds of processor time, of all its processes
    task: float | None = None  # seconds of the Ansible task alone

    @classmethod
    def median(cls, runs: list[Run]) -> Run:
        tasks = [run.task for run in runs if run.task is not None]
        return cls(
            statistics.median(run.seconds for run in runs),
            max(run.calls for run in runs),
            max(run.memory for run in runs),
            statistics.median(run.processor for run in runs),
            statistics.median(tasks) if tasks else None,
        )


@dataclass(frozen=True)
class Task:
    """What one single task took: seconds, and API calls of any service."""

    median: float
    quartile: float  # a quarter of the rounds took less
    calls: int


Results = dict[tuple[str, str, int], Run]  # by way, step and number of rooms


class Bench:
    """Runs commands against one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.environment = {
            **ansible_environment(WORK),
            "PATH": f"{ROOT / '.venv' / 'bench' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": emulator.url,
            "AWS_DEFAULT_REGION": REGION,  # The boto3 script and the AWS CLI read this one.
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "BENCH_DURATIONS": str(DURATIONS),
        }

    def measure(self, command: list[str]) -> Run:
        """Run a command to its end; RuntimeError with its output when it fails."""
        DURATIONS.unlink(missing_ok=True)
        self.emulator.forget_calls()
        output = WORK / "output"
        with output.open("w") as file:
            start = time.monotonic()
            process = subprocess.Popen(
                command, cwd=HERE, env=self.environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
            _pid, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{output.read_text()[-2000:]}")
        calls = len(self.emulator.calls())
        tasks = [end - begin for name, begin, end in durations() if name == "Measured"]
        processor = usage.ru_utime + usage.ru_stime
        return Run(seconds, calls, usage.ru_maxrss / MEBIBYTE, processor, sum(tasks) if tasks else None)

    def command(self, way: str, state: str, size: int, quotas: bool) -> list[str]:
        """The command that brings so many rooms to a state, in one of the four ways."""
        if way == "cli":
            return ["./cli.sh", state, str(size)]
        if way == "boto3":
            return [sys.executable, "floor.py", state, str(size), str(ROOM_CALLS if quotas else 0)]
        unlimited = dict.fromkeys(("room", "logging_configuration", "tag"), 1e6)
        variables = {
            "rooms": [{"name": f"bench-{number}"} for number in range(1, size + 1)],
            "state": state,
            **({} if quotas else {"calls_per_second": unlimited}),
        }
        (WORK / "variables.json").write_text(json.dumps(variables))
        return ["ansible-playbook", "-e", f"@{WORK / 'variables.json'}", f"{way}.yml"]

    def walk(self, way: str, size: int, quotas: bool) -> dict[str, Run]:
        """Create, do it again, repair one, delete."""
        runs = {}
        self.emulator.reset()
        if quotas:
            self.emulator.set(latency=LATENCY, quotas="real")
        for step, state in STEPS.items():
            if step == "delete" and quotas and size > 100:
                break  # it takes as long as the create, the quota is the same
            if step == "one drifted":
                self.measure(self.command("boto3", "drift", size, quotas))
            if quotas:
                time.sleep(2 * QUOTA_WINDOW)  # so that what ran before has used up nothing
            run = runs[step] = self.measure(self.command(way, state, size, quotas))
            check(self.emulator, step, size)
            print(
                f"{way:6} {size:5} {step:12} {run.seconds:8.2f} s {run.calls:6} calls {run.memory:5.0f} MiB", flush=True
            )
        return runs

    def refresh(self, size: int) -> tuple[Run, int]:
        """What a Terraform refresh of unchanged rooms costs under quotas, and how many of its calls are refused."""
        self.emulator.reset()
        self.measure(self.command("boto3", "present", size, quotas=False))
        rooms = list_rooms(self.emulator.client("ivschat", REGION))
        (WORK / "arns").write_text("\n".join(room["arn"] for room in rooms))
        self.emulator.set(latency=LATENCY, quotas="real")
        time.sleep(2 * QUOTA_WINDOW)
        run = self.measure([sys.executable, "refresh.py", str(WORK / "arns")])
        refused = sum(call["error"] == "ThrottlingException" for call in self.emulator.calls())
        if run.calls - refused != 2 * size:
            raise RuntimeError(f"refresh of {size} rooms: {run.calls} calls, {refused} of them refused")
        print(f"refresh {size:4} {run.seconds:21.2f} s {run.calls:6} calls", flush=True)
        return run, refused

    def start(self) -> Run:
        """The least that a command of Ansible takes: one task that does nothing."""
        self.emulator.reset()
        command = ["ansible", "localhost", "-m", "ansible.builtin.ping"]
        return Run.median([self.measure(command) for _repeat in range(REPEATS)])

    def tasks(self) -> dict[str, Task]:
        """The single tasks, each by the median of its rounds."""
        self.emulator.reset()
        self.measure(["ansible-playbook", "-e", f"rounds={ROUNDS}", "tasks.yml"])
        times = [call["time"] for call in self.emulator.calls(service=None)]
        taken: dict[str, list[tuple[float, int]]] = {}
        for name, start, end in durations():
            calls = sum(start <= moment <= end for moment in times)
            taken.setdefault(name.removeprefix("Task "), []).append((end - start, calls))
        return {
            name: Task(
                statistics.median(seconds for seconds, _calls in rounds),
                statistics.quantiles(seconds for seconds, _calls in rounds)[0],
                max(calls for _seconds, calls in rounds),
            )
            for name, rounds in taken.items()
            if len(rounds) == ROUNDS
        }


def durations() -> list[tuple[str, float, float]]:
    """What the callback plugin has written: name, start and end of each task."""
    return [tuple(json.loads(line)) for line in DURATIONS.read_text().splitlines()] if DURATIONS.exists() else []


def check(emulator: Emulator, step: str, size: int) -> None:
    """RuntimeError when the step has not done its work: a way that does nothing would be fast."""
    writes = operations(call for call in emulator.writes() if call["effect"])
    wanted = {
        "create": ["CreateRoom"] * size,
        "no change": [],
        "one drifted": ["TagResource"],
        "delete": ["DeleteRoom"] * size,
    }[step]
    # A wait for a deletion ends with a Get that finds nothing.
    errors = {call["error"] for call in emulator.calls()} - {None, "ResourceNotFoundException"}
    if writes != wanted or errors:
        raise RuntimeError(f"{step} of {size} rooms: {len(writes)} writes, {writes[:5]}..., errors {errors}")


def main(sizes: list[int]) -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with Emulator.start() as emulator:
        bench = Bench(emulator)
        start_up = bench.start()
        tasks = bench.tasks()
        results = {}
        for quotas in (False, True):
            print(f"\n== {condition(quotas)}")
            results[quotas] = measured(bench, sizes, quotas)
        refreshes = {size: bench.refresh(size) for size in sizes}
    took = time.monotonic() - start
    text = report(sizes, start_up, tasks, results, refreshes, took)
    path = (ROOT / "docs" if tuple(sizes) == SIZES else WORK) / "benchmarks.md"
    plot.write(text, path)
    print(f"\n{path.relative_to(ROOT)} written after {took / 60:.0f} minutes")


def measured(bench: Bench, sizes: list[int], quotas: bool) -> Results:
    """All ways at all sizes that a reasonable time allows, in turn, so that a busy moment meets all ways alike."""
    runs: dict[tuple[str, str, int], list[Run]] = {}
    for size in sizes:
        for repeat in range(REPEATS):
            for way in WAYS:
                if repeat < repeats(way, size, quotas):
                    for step, run in bench.walk(way, size, quotas).items():
                        runs.setdefault((way, step, size), []).append(run)
    return {measure: Run.median(each) for measure, each in runs.items()}


def repeats(way: str, size: int, quotas: bool) -> int:
    """How often a way is measured; 0: it would take many minutes, and is projected (the report says so)."""
    if way in ("loop", "cli"):
        measured = size <= 10 or (way == "loop" and size == 100 and not quotas)
        return 0 if not measured else 1 if size == 100 or (quotas and size == 10) else REPEATS
    return 1 if quotas and size > 100 else REPEATS


def condition(quotas: bool) -> str:
    return "30 ms latency, real quotas" if quotas else "No latency, no quotas"


# The report


def report(
    sizes: list[int],
    start_up: Run,
    tasks: dict[str, Task],
    results: dict[bool, Results],
    refreshes: dict[int, tuple[Run, int]],
    took: float,
) -> str:
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"Generated by `make bench` in {took / 60:.0f} minutes. Do not edit. All figures were measured against the "
            f"emulator of the service on one machine with {os.cpu_count()} cores, which the emulator and the measured "
            "command share. Compare the ratios, not the seconds.",
            f"Python {sys.version.split()[0]}, ansible-core {version('ansible-core')}, boto3 {version('boto3')}, AWS "
            f"CLI {cli_version()}.",
            "",
            "- Each room has a name and a tag. *One drifted* means that the tag of one room was changed manually and "
            "is repaired.",
            "- The loop is one playbook task with `loop`. The AWS CLI script lists each room by name and creates, "
            "tags, or deletes it (`tests/bench/cli.sh`).",
            "- The boto3 script makes the fewest possible calls, without error handling, checks for duplicates, "
            "waits, or check mode (`tests/bench/floor.py`). It is the lower bound. The loop and the stack use their "
            "default options, so they wait until the service shows their changes. Without quotas, the rate limit of "
            "the stack is switched off.",
            "- *Seconds* is the time of the whole command, including the start of `ansible-playbook`, followed in "
            "parentheses by the time of the task alone. *Processor s* is the processor time of all processes of the "
            "command, without the emulator. *Memory MiB* is the memory of the process that uses the most.",
            f"- An Ansible command takes at least {start_up.seconds:.2f} s on this machine. This is the time of "
            "`ansible` with one `ansible.builtin.ping`.",
            f"- The commands were measured in turn. Figures are medians of {REPEATS} runs, or maxima for memory and "
            "calls. These were measured only once: the loop with 100 rooms, the loop and the CLI script with 10 rooms "
            "and latency, and the stack and the boto3 script with 1000 rooms under quotas.",
            "- `≈` marks a figure that was not measured, because that would take minutes, but projected from the next "
            "smaller number of rooms. The time of the loop, its start aside, and of the AWS CLI script is "
            "proportional to the number of rooms, and so is the time to delete rooms under quotas. The repair of the "
            "drifted room counts once.",
            "",
            "## Goals",
            "",
            *table(["Goal", "Measured", "Met"], goals(sizes, start_up, tasks, results)),
            "",
            "## One task",
            "",
            f"Tasks that change nothing, measured in turn in {ROUNDS} rounds, in seconds from the start of the task to "
            "its result. An IVS Chat task that specifies the ARN makes one call. A task that specifies the name makes "
            "two (ListRooms and GetRoom). The info modules of amazon.aws make one call to a service that has nothing "
            "to list. They spend most of their time starting Python, loading boto3, and creating a client.",
            "",
            *table(
                ["Task", "Median s", "Lower quartile s", "Calls"],
                ([name, f"{task.median:.3f}", f"{task.quartile:.3f}", str(task.calls)] for name, task in tasks.items()),
            ),
            *(line for quotas in (False, True) for line in section(sizes, results[quotas], quotas)),
            "",
            "## Terraform refresh",
            "",
            "Terraform reads each room again in every plan: GetRoom and ListTagsForResource, ten rooms at once, and "
            "calls that the service throttles again after a pause. A boto3 script makes the calls as its provider does "
            f"(`tests/bench/refresh.py`). Rooms are unchanged, under the same conditions ({condition(True)}), measured "
            "once. GetRoom allows 5 calls per second. The stack reads ListRooms, 50 rooms per call.",
            "",
            *table(
                ["Rooms", "", "Seconds", "Calls", "Of which throttled"],
                (row for size in sizes for row in refresh_rows(size, *refreshes[size], results[True])),
            ),
            "",
        ]
    )


def refresh_rows(size: int, run: Run, refused: int, results: Results) -> Iterable[list[str]]:
    yield [str(size), "Terraform's calls", f"{run.seconds:.2f}", str(run.calls), str(refused)]
    stack = results["stack", "no change", size]
    yield [str(size), "`ivschat_stack`", f"{stack.seconds:.2f}", str(stack.calls), "0"]


def section(sizes: list[int], results: Results, quotas: bool) -> Iterable[str]:
    yield from ("", f"## {condition(quotas)}")
    for step in STEPS:
        yield from ("", f"### {step.capitalize()}", "")
        yield from table(
            ["Rooms", "", "Seconds", "x boto3", "Processor s", "Calls", "Memory MiB"],
            (row for size in sizes for way in WAYS if (row := cells(results, way, step, size))),
        )


def cells(results: Results, way: str, step: str, size: int) -> list[str] | None:
    """One row, projected from the next smaller size where it was not measured."""
    known = max((n for w, s, n in results if (w, s) == (way, step) and n <= size), default=None)
    if known is None:
        return None
    run = results[way, step, known] if known == size else projected(results, way, step, known, size)
    about, digits = ("", 2) if known == size else ("≈ ", 0)
    floor = results.get(("boto3", step, size))
    seconds = f"{about}{run.seconds:.{digits}f}"
    if run.task is not None:
        seconds += f" ({run.task:.2f})"
    return [
        str(size),
        WAYS[way],
        seconds,
        f"{about}{run.seconds / floor.seconds:.1f}" if floor else "",
        f"{about}{run.processor:.{digits}f}",
        f"{about}{run.calls}",
        f"{run.memory:.0f}" if known == size else "",
    ]


def projected(results: Results, way: str, step: str, known: int, size: int) -> Run:
    """What a command takes for more rooms, by its run with a known number of them.

    The start of an Ansible command counts once, and so does the repair of the one room that drifted.
    """
    run, factor = results[way, step, known], size / known
    base = results[way, "no change", known] if step == "one drifted" else run
    start = 0.0 if base.task is None else base.seconds - base.task
    return Run(
        start + (base.seconds - start) * factor + run.seconds - base.seconds,
        round(base.calls * factor) + run.calls - base.calls,
        run.memory,
        base.processor * factor + run.processor - base.processor,
    )


def table(head: list[str], rows: Iterable[list[str]]) -> Iterable[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def goals(sizes: list[int], start_up: Run, tasks: dict[str, Task], results: dict[bool, Results]) -> Iterable[list[str]]:
    """One row a goal, as far as the sizes allow."""

    def goal(name: str, value: float, most: float, text: str) -> list[str]:
        return [name, text, "yes" if value <= most else "no"]

    free, limited = results[False], results[True]
    if {100, 1000} <= set(sizes):  # the loop is projected from 100
        stack = {step: free["stack", step, 1000] for step in STEPS}
        floor = {step: free["boto3", step, 1000] for step in STEPS}
        calls = stack["no change"].calls
        yield goal("1000 rooms unchanged: at most 25 calls", calls, 25, f"{calls} calls")
        loop = projected(free, "loop", "no change", 100, 1000).seconds
        times = loop / stack["no change"].seconds
        yield goal(
            "1000 rooms unchanged: 200 times faster than the loop",
            200,
            times,
            f"{times:.0f} times ({stack['no change'].seconds:.2f} s, loop ≈ {loop:.0f} s)",
        )
        for step in STEPS:
            whole, alone = (seconds / floor[step].seconds for seconds in (stack[step].seconds, stack[step].task or 0.0))
            name, text, reached = goal(
                f"1000 rooms, {step}: at most 1.5 times the time of the boto3 script",
                whole,
                1.5,
                f"{whole:.2f} times ({stack[step].seconds:.2f} s, boto3 {floor[step].seconds:.2f} s), {alone:.2f} "
                "times for the task alone",
            )
            least = start_up.seconds / floor[step].seconds
            if least > 1.5:
                text += f"; an Ansible command that does nothing takes {least:.2f} times"
            yield [name, text, "for the task alone" if whole > 1.5 >= alone else reached]
        calls = stack["one drifted"].calls
        yield goal("1000 rooms, one drifted: at most 24 calls", calls, 24, f"{calls} calls")
        slow, least = (limited[way, "one drifted", 1000].seconds for way in ("stack", "boto3"))
        yield goal(
            "1000 rooms, one drifted, with latency and quotas: at most 1.5 times the time of the boto3 script",
            slow / least,
            1.5,
            f"{slow / least:.2f} times ({slow:.2f} s, boto3 {least:.2f} s)",
        )
        memory = max(run.memory for run in stack.values())
        yield goal("1000 rooms: less than 150 MiB of memory", memory, 149.99, f"{memory:.0f} MiB")
    if 100 in sizes:
        quota = (100 - ROOM_CALLS) / ROOM_CALLS
        seconds = limited["stack", "create", 100].seconds
        yield goal(
            "100 rooms created under quotas: at most 1.15 times the minimum that the quota allows",
            seconds / quota,
            1.15,
            f"{seconds / quota:.2f} times ({seconds:.1f} s; 5 at once and 95 at 5 per second take {quota:.0f} s)",
        )
    others = sorted(task.median for name, task in tasks.items() if name.startswith("amazon.aws.") and task.calls == 1)
    for how in ("by ARN", "by name"):
        median = tasks[f"aws_ivs.chat.ivschat_room, {how}"].median
        yield goal(
            f"One unchanged task, {how}: no slower than the median of one-call info modules of amazon.aws",
            median,
            statistics.median(others),
            f"{median:.3f} s; {len(others)} info modules {others[0]:.3f} to {others[-1]:.3f} s, median "
            f"{statistics.median(others):.3f} s, {sum(other < median for other in others)} of them faster",
        )


def cli_version() -> str:
    tool = ROOT / ".venv" / "bench" / "bin" / "aws"
    said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True)
    return (said.stdout or said.stderr).split()[0].partition("/")[2]


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1].split(",")])
