"""What trials share: a folder, a small network, processes that end with them."""

import fcntl
import os
import pty
import queue
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time

PROGRAM = "build/nnactor"
TRIALS = []


class Failed(Exception):
    """What was seen instead of what is right."""


class Skipped(Exception):
    """What is missing here."""


def trial(item, tried, expected):
    """Makes a trial of a function that takes a `Place` and returns what it saw."""
    def add(function):
        TRIALS.append(Trial(item, tried, expected, function))
        return function
    return add


class Trial:
    def __init__(self, item, tried, expected, function):
        self.item, self.tried, self.expected = item, tried, expected
        self.function = function

    def carry_out(self):
        with Place() as place:
            try:
                return "ok", printable(self.function(place) or "as expected")
            except Failed as seen:
                return "NOT", printable(str(seen))
            except Skipped as why:
                return "skipped", printable(str(why))
            except subprocess.TimeoutExpired as late:
                return "NOT", f"no end within {late.timeout:.0f} s"


def printable(text):
    """One line without anything that a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)[:240]


def need(condition, seen):
    if not condition:
        raise Failed(seen if isinstance(seen, str) else seen.text())


def need_tool(name):
    path = shutil.which(name)
    if path is None:
        raise Skipped(f"{name} is not installed")
    return path


class End:
    """How a command ended."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def all(self):
        return self.out + self.err

    def text(self):
        last = self.err.strip() or self.out.strip()[-300:]
        return f"exit {self.status}: {last}"

    def says(self, *words):
        return all(word.lower() in self.all().lower() for word in words)


class Running:
    """A command that goes on; its output, line by line."""

    def __init__(self, words, env=None):
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, errors="replace", env=env)
        self.lines = []
        self.queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.queue.put(line)
        self.queue.put(None)

    @property
    def pid(self):
        return self.process.pid

    def line_with(self, pattern, seconds=30):
        """The first match of a pattern in what it prints from now on."""
        until = time.monotonic() + seconds
        while True:
            try:
                line = self.queue.get(timeout=max(0.01, until - time.monotonic()))
            except queue.Empty:
                raise Failed(f"no '{pattern}' within {seconds} s: "
                             + "".join(self.lines[-3:]))
            if line is None:
                raise Failed(f"ended without '{pattern}': "
                             + "".join(self.lines[-3:]))
            self.lines.append(line)
            found = re.search(pattern, line)
            if found:
                return found

    def send(self, number):
        self.process.send_signal(number)

    def end(self, seconds=30):
        """Waits for its end."""
        status = self.process.wait(timeout=seconds)
        while (line := self.queue.get(timeout=5)) is not None:
            self.lines.append(line)
        return End(status if status >= 0 else 128 - status,
                   "".join(self.lines), "")

    def children(self):
        path = f"/proc/{self.pid}/task/{self.pid}/children"
        with open(path, encoding="ascii") as file:
            return [int(x) for x in file.read().split()]


class Node(Running):
    def __init__(self, place, listen="127.0.0.1:0", store=None, words=(), env=None):
        place.nodes += 1
        super().__init__(
            [PROGRAM, "node", "--listen", listen, "--store",
             store or place / "models", "--state",
             place / f"state-{place.nodes}", *words], env)
        self.address = self.line_with(r"listening on (\S+?),").group(1)

    def memory(self, key="VmRSS"):
        """Bytes that it takes (VmRSS), or took at most (VmHWM)."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(key + r":\s+(\d+)", file.read()).group(1)) << 10

    def forget_peak(self):
        try:
            with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as file:
                file.write("5")
        except OSError as why:
            raise Skipped(f"cannot reset a peak of memory: {why}")


class Place:
    """A folder for one trial, gone after it, as are all processes."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="nnactor-trial-")
        self.running = []
        self.nodes = 0
        os.mkdir(self / "models")
        return self

    def __exit__(self, *_):
        for one in self.running:
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()
        shutil.rmtree(self.path, ignore_errors=True)

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    def write(self, name, content):
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(self / name, mode) as file:
            file.write(content)
        return self / name

    def run(self, *words, seconds=60, stdin=None, stdout=None, env=None, cwd=None):
        end = subprocess.run(
            [PROGRAM, *words], input=stdin, stdout=stdout or subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=seconds, env=env, cwd=cwd)
        return End(end.returncode if end.returncode >= 0 else 128 - end.returncode,
                   (end.stdout or b"").decode(errors="replace"),
                   end.stderr.decode(errors="replace"))

    def on_terminal(self, *words, columns=80, seconds=60):
        """What a command shows on a terminal of so many columns."""
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        one = subprocess.Popen([PROGRAM, *words], stdin=its, stdout=its, stderr=its)
        os.close(its)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:
            pass  # How Linux tells that the other end is closed.
        os.close(ours)
        status = one.wait(timeout=seconds)
        return End(status, shown.decode(errors="replace").replace("\r", ""), "")

    def start(self, *words, env=None):
        self.running.append(Running([PROGRAM, *words], env))
        return self.running[-1]

    def node(self, **how):
        self.running.append(Node(self, **how))
        return self.running[-1]

    def nodes_of(self, count, **how):
        return [self.node(**how) for _ in range(count)]

    @property
    def model(self):
        return self / "models/song"

    def config(self, more="", steps=40, layers=None):
        """A small language model that is trained in a second."""
        text = "".join(f"{200 - i} bottles of beer on the wall, take {i % 7} down\n"
                       for i in range(200))
        self.write("song.txt", text)
        layers = layers or """
[[network.layers]]
name = "characters"
kind = "embedding"
units = 7
[[network.layers]]
name = "hidden"
kind = "dense"
units = 31
activation = "gelu"
[[network.layers]]
name = "next"
kind = "dense"
units = "classes"
"""
        return self.write("small.toml", f"""
[data]
path = "{self / 'song.txt'}"
context = 8
{layers}
[train]
steps = {steps}
batch = 32
micro_batches = 4
window = 4
evaluate_every = 20
rate = 0.01
sample = 20
[store]
path = "{self.model}"
{more}
""")

    def trained(self, *words, **how):
        """The config of a model that has been trained."""
        config = self.config(**how)
        end = self.run("run", config, "--set", "cluster.nodes=1", *words)
        need(end.status == 0, end)
        return config

    def long_run(self, *words, nodes=1, **how):
        """A run that takes minutes; waits for its first generation and returns
        it with the address of its shell."""
        config = self.config(steps=1_000_000, **how)
        run = self.start("run", config, "--json", "--set",
                         f"cluster.nodes={nodes}", *words)
        control = run.line_with(r'"control":"([^"]+)"').group(1)
        run.line_with('"event":"committed"')
        return run, control

    def content(self):
        """The digest of all parameters of the newest generation."""
        end = self.run("model", "verify", self.model, "--generation", "newest",
                       "--json")
        need(end.status == 0, end)
        return re.search(r'"content": ?"(\w+)"', end.out).group(1)


def stop(process, seconds=5):
    """Ends a process as an operator does; how long that took."""
    begin = time.monotonic()
    process.send(signal.SIGTERM)
    process.process.wait(timeout=seconds)
    return time.monotonic() - begin
