#!/usr/bin/env python3
"""Prints what runs in a Tango system, as JSON for `custody observe`. It only reads.

    tango_observe.py --server TangoTest/test |
        custody observe --from - --to https://custody.example.org --token-file token

Runs with PyTango 9.3 and 10, against the system of TANGO_HOST. What the database calls exported is asked for a sign of
life, server by server: after a kill the database does not know. Where a Starter watches a server its word counts
first. Of a server that does not answer nothing is said, and "complete" is false then: it may still run. Where --server is
like nothing that the database knows, it is mistyped, and nothing is printed.

Exit codes: 0 printed, 1 the database does not answer, 2 what was given needs a change.
"""

import argparse
import concurrent.futures
import datetime
import fnmatch
import json
import os
import re
import sys
import time

VERSION_ATTRIBUTES = ("version", "versionnumber", "softwareversion")


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--server", action="append", default=[], metavar="PATTERN",
                   help="only servers like this, as TangoTest/test or cppServer/*; may be repeated")
    p.add_argument("--timeout", type=float, default=3.0, help="seconds that a device may take for one call (3)")
    p.add_argument("--within", type=float, default=25.0, help="seconds after which what was not heard is left out (25)")
    p.add_argument("--at-once", type=int, default=8, help="servers that are asked at the same time (8)")
    p.add_argument("--most", type=int, default=5000, help="devices at most; Custody takes 5000 in one report")
    a = p.parse_args()
    if a.timeout <= 0 or a.within <= 0 or not 1 <= a.at_once <= 64 or a.most < 1:
        p.error("--timeout, --within and --most are above 0, --at-once is from 1 to 64")
    return a


def told(text):
    """Tango writes "nada", or a blank, where nothing is set."""
    text = (text or "").strip()
    return "" if text == "nada" else text


def moment(text, now):
    """The database writes its machine's local time, without a zone: 21st November 2026 at 02:44:14."""
    try:
        plain = re.sub(r"^(\d+)(st|nd|rd|th) ", r"\1 ", told(text))
        form = "%d %B %Y at %H:%M:%S" if " at " in plain else "%Y-%m-%d %H:%M:%S"
        at = datetime.datetime.strptime(plain, form).astimezone()
    except ValueError:
        at = now
    return min(at, now).astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Mistyped(Exception):
    """What was asked for is nowhere."""


def wanted(patterns, known):
    """The servers that are asked for, by their names in small letters."""
    meant = {}
    for pattern in patterns:
        like = {s.lower(): s for s in known if fnmatch.fnmatchcase(s.lower(), pattern.lower())}
        if not like:
            raise Mistyped(f"--server {pattern}: the Tango database knows no server like this")
        meant.update(like)
    return meant


def proxy(tango, name, timeout):
    p = tango.DeviceProxy(name)
    p.set_timeout_millis(int(timeout * 1000))
    return p


def starters(tango, exported, timeout):
    """What the Starters say: server in small letters -> ON, FAULT or MOVING. Two that differ prove neither."""
    said = {}
    for name in exported:
        if not name.lower().startswith("tango/admin/"):
            continue
        try:
            lines = proxy(tango, name, timeout).read_attribute("Servers").value or ()
        except tango.DevFailed:
            continue
        for line in lines:
            parts = line.split("\t")
            if len(parts) > 1:
                server, state = parts[0].lower(), parts[1]
                said[server] = state if said.get(server, state) == state else "MOVING"
    return said


def version(tango, device, class_name, timeout):
    """The software's own version: by IDL 6, else an attribute by convention; never that of the protocol."""
    p = proxy(tango, device, timeout)
    plain = lambda s: "".join(c for c in str(s).lower() if c.isalnum())
    for key, value in dict(getattr(p.info(), "version_info", None) or {}).items():
        if plain(key) == plain(class_name):
            return str(value)
    for attribute in p.get_attribute_list():
        if attribute.lower() in VERSION_ATTRIBUTES:
            return str(p.read_attribute(attribute).value)
    return ""


def line(text):
    """One line of bounded length, as Custody takes it."""
    return "".join(c if c.isprintable() else " " for c in text).strip()[:200]


def ask(tango, server, devices, until, timeout, now):
    """The observations of one server; raises where it gives no sign of life. One call that hangs is the last one."""
    proxy(tango, "dserver/" + server, timeout).ping()
    seen = []
    for d in devices:
        if time.monotonic() > until:
            raise TimeoutError("there was no time left")
        seen.append({
            "instance": line(d["name"]), "class": line(d["class"]), "server": line(server),
            "host": line(d["host"]) or "unknown", "version": line(version(tango, d["name"], d["class"], timeout)),
            "since": moment(d["started"], now),
        })
    return seen


def main():
    a = arguments()
    try:
        import tango
    except ImportError:
        print("PyTango is missing: install python3-tango, or pytango", file=sys.stderr)
        return 2
    now = datetime.datetime.now().astimezone()
    until = time.monotonic() + a.within
    by_server, complete = {}, True
    try:
        db = tango.Database()
        base = tango.DeviceProxy(db.dev_name())
        base.set_timeout_millis(int(a.timeout * 1000))
        meant = wanted(a.server, [str(s) for s in db.get_server_list()])
        exported = [str(n) for n in db.get_device_exported("*")]
        said = starters(tango, exported, a.timeout)
        count = 0
        for name in exported:
            if name.lower().startswith("dserver/"):
                continue
            numbers, texts = base.command_inout("DbGetDeviceInfo", name)
            texts = [str(t) for t in texts]
            server = told(texts[3])
            if not server or not numbers[0]:
                continue
            if a.server and server.lower() not in meant:
                continue
            count += 1
            if count > a.most or time.monotonic() > until:
                complete = False
                print(f"there are more devices than can be told: {name} and those behind it are left out", file=sys.stderr)
                break
            class_name = texts[7] if len(texts) > 7 else str(db.get_class_for_device(name))
            of = {"name": name, "host": told(texts[4]), "started": texts[5], "class": class_name}
            by_server.setdefault(server, []).append(of)
    except (tango.DevFailed, tango.ConnectionFailed) as e:
        print(f"the Tango database does not answer: {e.args[0].desc.strip() if e.args else e}", file=sys.stderr)
        return 1
    except Mistyped as e:
        print(e, file=sys.stderr)
        return 2

    observations, waiting = [], {}
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=a.at_once)
    for server, devices in sorted(by_server.items()):
        state = said.get(server.lower())
        if state == "FAULT":
            print(f"{server}: its Starter says that it does not run", file=sys.stderr)
        elif state not in (None, "ON"):
            complete = False
            print(f"{server}: its Starter says {state}; nothing is said of it", file=sys.stderr)
        else:
            waiting[pool.submit(ask, tango, server, devices, until, a.timeout, now)] = server
    done, hung = concurrent.futures.wait(waiting, timeout=max(0.0, until - time.monotonic()))
    for job in done:
        try:
            observations += job.result()
        except Exception as e:  # whatever a device raises: it gave no whole answer
            complete = False
            why = getattr(e.args[0], "desc", e) if e.args else e
            print(f"{waiting[job]}: no whole answer ({str(why).strip()}); nothing is said of it", file=sys.stderr)
    for job in hung:
        complete = False
        print(f"{waiting[job]}: no answer in time; nothing is said of it", file=sys.stderr)
    observations.sort(key=lambda o: (o["server"], o["instance"]))
    report = {"complete": complete, "observations": observations}
    if len(meant) == 1:
        # An empty report names its server by nothing else.
        report["server"] = line(*meant.values())
    json.dump(report, sys.stdout, indent=1)
    sys.stdout.write("\n")
    sys.stdout.flush()
    # A call that hangs is not waited for.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
