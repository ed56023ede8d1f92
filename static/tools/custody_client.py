#!/usr/bin/env python3
"""Asks Custody from Python: may I rely on a device, what may I do with it, and do it.

Nothing but Python 3.8 is needed. Make a token under "My account", "Tokens": one that reads is enough to look, one that
acts does what you may do, in your name.

    export CUSTODY_URL=https://custody.example.org CUSTODY_TOKEN=custody_...
    python3 custody_client.py status SCS_BLU_BCC/CTRL/CHECK
    python3 custody_client.py commands beamConditionCheck
    python3 custody_client.py do beamConditionCheck raise_point text="Which filter is meant?"
    python3 custody_client.py events

or from your own script:

    custody = Custody(os.environ["CUSTODY_URL"], os.environ["CUSTODY_TOKEN"])
    for device in custody.pages("devices", "devices", instrument="SCS"):
        print(device["name"], device["support"] and device["support"]["label"])
"""

import http.client
import json
import os
import sys
import time
import urllib.parse
import urllib.request
import uuid


class Refused(Exception):
    """Custody said no; `problem` has its words, its code, and the gates of a step that was refused."""

    def __init__(self, problem):
        super().__init__(problem.get("detail", ""))
        self.problem = problem

    def open_gates(self):
        return [gate for gate in self.problem.get("gates", []) if not gate["met"]]


class AsItIs(urllib.request.HTTPErrorProcessor):
    """Follows no answer elsewhere: a command would become a mere question there, and the token is for nobody else."""

    def http_response(self, request, response):
        return response

    https_response = http_response


def told(address, status, headers, text):
    """What an answer that is no yes says."""
    if 300 <= status < 400:
        to = urllib.parse.urljoin(address, headers.get("Location", "")).split("/api/v1/")[0]
        detail = f"Nothing was done: who is asked there is sent on to {to}. If that is Custody's address, use it."
        return {"status": status, "code": "elsewhere", "detail": detail}
    try:
        return json.loads(text)
    except ValueError:
        return {"status": status, "code": "no_json", "detail": f"{status} {http.client.responses.get(status, '')}"}


class Custody:
    def __init__(self, url, token=None, tries=5):
        self.url, self.token, self.tries = url.rstrip("/"), token, tries
        self.open = urllib.request.build_opener(AsItIs).open

    def ask(self, method, path, body=None, query=None, headers=None):
        """One request: the answer's headers and its content."""
        address = f"{self.url}/api/v1/{path}"
        if query:
            address += "?" + urllib.parse.urlencode(query)
        sent = {"Accept": "application/json", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if method != "GET":
            sent.setdefault("Idempotency-Key", str(uuid.uuid4()))
        data = None
        if body is not None:
            sent["Content-Type"], data = "application/json", json.dumps(body).encode()
        # A lost answer is asked for again, under the same key: nothing is done twice.
        for attempt in range(1, self.tries + 1):
            request = urllib.request.Request(address, data, sent, method=method)
            try:
                with self.open(request, timeout=60) as answer:
                    status, said, text = answer.status, answer.headers, answer.read()
            except (OSError, http.client.HTTPException):
                if attempt == self.tries:
                    raise
                time.sleep(attempt)
                continue
            if status < 300:
                return said, json.loads(text) if text else None
            problem = told(address, status, said, text)
            again = status in (429, 502, 503, 504) or problem.get("code") == "under_way"
            if not again or attempt == self.tries:
                raise Refused(problem)
            wait = said.get("Retry-After", "")
            time.sleep(max(attempt, int(wait) if wait.isdigit() else 0))

    def get(self, path, **query):
        return self.ask("GET", path, query=query)[1]

    def pages(self, path, of, **query):
        """Every entry of a list, page by page."""
        while True:
            page = self.get(path, **query)
            yield from page[of]
            if not page.get("next"):
                return
            query["after"] = page["next"]

    def status(self, name):
        """What operators see of an instance, device, class, server, host or person."""
        return self.get("status/" + urllib.parse.quote(name))

    def commands(self, device):
        """What you may do with a device now, each with its gates."""
        return self.get(f"devices/{urllib.parse.quote(device)}/commands")["commands"]

    def do(self, device, command, seen=None, **entries):
        """Gives a command. `seen` is the ETag of the device that you decided by; without it, the one it has now."""
        return self.give(f"devices/{urllib.parse.quote(device)}", command, seen, entries)

    def rollout(self, number):
        """A rollout: how far each of its targets is, when it is likely to end, what somebody has to look at."""
        return self.get("rollouts/" + urllib.parse.quote(number))

    def ask_rollout(self, number, command, seen=None, **entries):
        """Asks something of a rollout, like `ask_rollout("R-2026-3", "retry", target="SPB", step=4)`."""
        return self.give(f"rollouts/{urllib.parse.quote(number)}", command, seen, entries)

    def give(self, address, command, seen, entries):
        """Gives a command to what is at this address."""
        if seen is None:
            seen = self.ask("GET", address)[0]["ETag"]
        return self.ask("POST", f"{address}/commands", {"command": command, **entries}, headers={"If-Match": seen})[1]

    def events(self, after=0):
        """Everything that happened since, in its order; refused as `journal_ends` where an older back-up came back."""
        while True:
            page = self.get("events", after=after)
            yield from page["events"]
            after = page["next"]
            if not page["more"]:
                return


def entry(text):
    """`point=3` is a number, `until=null` nothing, everything else a text or JSON."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def main(words):
    if len(words) < 1 or words[0] not in ("status", "commands", "do", "events"):
        print(__doc__)
        return 2
    custody = Custody(os.environ["CUSTODY_URL"], os.environ.get("CUSTODY_TOKEN"))
    what, words = words[0], words[1:]
    try:
        if what == "status":
            found = custody.status(words[0])
            print(f"{found['match']['name']}: {found['support']['label']}. {found['support']['why']}")
            for person in found["call"]:
                print(f"  call {person['name']} {person['phone'] or 'without a number'} ({person['reach']})")
        elif what == "commands":
            for command in custody.commands(words[0]):
                print(f"{command['command']}({', '.join(command['takes'])})")
                for gate in command["gates"]:
                    print(f"  {'met ' if gate['met'] else 'OPEN'} {gate['id']} {gate['why']}")
        elif what == "do":
            done = custody.do(words[0], words[1], **dict(map(entry, words[2:])))
            for event in done["events"]:
                print(event["said"])
        else:
            for event in custody.events(int(words[0]) if words else 0):
                print(event["seq"], event["at"], event["device"] or event["stream"], event["said"] or event["what"])
    except Refused as no:
        print(no, file=sys.stderr)
        for gate in no.open_gates():
            print(f"  OPEN {gate['id']} {gate['why']}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
