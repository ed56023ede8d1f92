# Tells Custody what a run of ansible-playbook does: one line of JSON for each event, in the file that CUSTODY_EVENTS
# names. Custody lays it beside each run; nothing is installed. Runs with ansible-core 2.14 to 2.21.
from __future__ import annotations

import json
import os
import signal
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: custody_stream
type: notification
short_description: what a run does, as lines of JSON for Custody
description: Writes one line of JSON for each event to the file that CUSTODY_EVENTS names.
requirements: []
"""

# How much is told: letters of a text, letters of a name, lines for single hosts, letters of all that set_stats holds.
TEXT, NAME, LINES, CUSTOM = 2000, 200, 20000, 64000
# What of a result says why it is as it is. What a task printed stands in the output of the run.
WHY = ("changed", "rc", "msg", "stderr", "attempts", "skip_reason")


def plain(value, most=TEXT):
    """Text that is JSON everywhere: no halves of characters."""
    return str(value).encode("utf-8", "replace").decode("utf-8")[:most]


def failed(item):
    return item.get("failed") or item.get("rc") or "exception" in item


def kept(value):
    return value if value is None or isinstance(value, (bool, int)) else plain(value)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "custody_stream"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._seq = 0
        self._batch = 0
        self._hidden = False
        self._parent = os.getppid()
        # Whoever was started in the background of a shell has it ignored, and could not be interrupted.
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._fd = None
        try:
            self._fd = os.open(os.environ["CUSTODY_EVENTS"], os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        except (KeyError, OSError):
            self.disabled = True

    def _say(self, ev, **more):
        if self._fd is None:
            return
        self._seq += 1
        line = json.dumps({"seq": self._seq, "t": round(time.time(), 3), "ev": ev, **more}) + "\n"
        try:
            os.write(self._fd, line.encode("ascii"))
        except OSError:
            # Without the last line Custody takes the run for one of which it does not know how it ended.
            self._fd = None
        # Whoever started the run is gone, and nobody would hear how it ends.
        if os.getppid() != self._parent:
            os.kill(os.getpid(), signal.SIGINT)

    def _host(self, ev, result, **more):
        if self._seq >= LINES and ev not in ("failed", "unreachable"):
            return
        # The names of ansible-core 2.19 and later, then those of the ones before.
        task = getattr(result, "task", None) or result._task
        host = getattr(result, "host", None) or result._host
        told = getattr(result, "result", None) or result._result
        no_log = told.get("_ansible_no_log") or "censored" in told or getattr(task, "no_log", False)
        if no_log:
            out = {"censored": True}
            self._hidden = self._hidden or str(task.action).endswith("set_stats")
        elif ev == "ok":
            out = {"changed": bool(told.get("changed"))}
        else:
            out = {key: kept(told[key]) for key in WHY if key in told}
            # Of a loop, what the first item that failed says.
            items = told.get("results")
            if ev == "failed" and isinstance(items, list):
                first = next((i for i in items if isinstance(i, dict) and failed(i)), {})
                if "censored" not in first and not first.get("_ansible_no_log"):
                    out.update({key: kept(first[key]) for key in ("rc", "msg", "stderr") if first.get(key)})
        names = {"host": plain(host.get_name(), NAME), "task": plain(task.get_name(), NAME)}
        self._say(ev, **names, id=task._uuid, result=out, **more)

    def v2_playbook_on_start(self, playbook):
        try:
            plays = playbook.get_plays()
            count = sum(1 for play in plays for block in play.compile() for _ in tasks(block))
        except Exception:  # A number to look at: whatever is wrong with the plays, Ansible says it itself.
            count = 0
        name = plain(os.path.basename(playbook._file_name), NAME)
        self._say("playbook_start", file=name, pid=os.getpid(), count=count)

    def v2_playbook_on_play_start(self, play):
        self._batch += 1
        self._say("play_start", play=plain(play.get_name(), NAME), batch=self._batch)

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._say("task_start", task=plain(task.get_name(), NAME), id=task._uuid)

    def v2_playbook_on_handler_task_start(self, task):
        self._say("task_start", task=plain(task.get_name(), NAME), id=task._uuid, handler=True)

    def v2_runner_on_ok(self, result):
        self._host("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._host("failed", result, ignored=bool(ignore_errors))

    def v2_runner_on_skipped(self, result):
        self._host("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._host("unreachable", result)

    def v2_runner_retry(self, result):
        self._host("retry", result)

    def v2_playbook_on_stats(self, stats):
        hosts = {plain(h, NAME): stats.summarize(h) for h in sorted(stats.processed)}
        # What set_stats holds for us, of the run ("_run") and of single hosts; what a task with no_log set stays hidden.
        found = {} if self._hidden else getattr(stats, "custom", {})
        try:
            found = {plain(of, NAME): sets["custody"] for of, sets in found.items() if "custody" in sets}
            whole = len(json.dumps(found, default=plain)) <= CUSTOM
            found = json.loads(json.dumps(found, default=plain)) if whole else {}
        except (TypeError, ValueError):
            found = {}
        self._say("stats", stats=hosts, custody=found)


def tasks(block):
    """The tasks of a block that show as such, without those of its rescue, and without what Ansible puts in between."""
    for task in block.block + block.always:
        if hasattr(task, "block"):
            yield from tasks(task)
        elif not (getattr(task, "implicit", False) or str(task.action).rpartition(".")[2] == "meta"):
            yield task
