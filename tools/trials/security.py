"""Attackers and certificates (items 6 and 11)."""

import os
import socket
import struct
import time

from trial import End, Skipped, need, need_tool, trial
import subprocess

FRAME = struct.pack("<I", 1) + b"\xff\xff\xff\xf0" + bytes(28)


def strike(address, count=3):
    host, port = address.rsplit(":", 1)
    open_ones = []
    for _ in range(count):
        one = socket.create_connection((host.strip("[]"), int(port)), timeout=5)
        one.sendall(FRAME)
        open_ones.append(one)
    time.sleep(1)
    return open_ones


@trial(6, "36 bytes that announce 4 GB, to a node that works",
       "no memory is taken, others do not notice")
def huge_frame(t):
    node = t.node()
    before = node.memory()
    held = strike(node.address)
    grown = node.memory("VmHWM") - before
    begin = time.monotonic()
    end = t.run("run", t.config(steps=4), "--nodes", node.address)
    need(end.status == 0, end)
    need(node.memory() < 400 << 20, f"it takes {node.memory() / 1e6:.0f} MB")
    for one in held:
        one.close()
    return (f"{max(0, grown) / 1e6:.0f} MB above before, a run took "
            f"{time.monotonic() - begin:.1f} s")


@trial(6, "the same to the port of the shell", "the run goes on, shells are heard")
def huge_frame_to_shell(t):
    run, control = t.long_run()
    held = strike(control)
    end = t.run("status", control)
    need(end.status == 0, end)
    run.line_with('"event":"step"')
    with open(f"/proc/{run.pid}/status", encoding="ascii") as file:
        peak = int(file.read().split("VmHWM:")[1].split()[0]) << 10
    need(peak < 1 << 30, f"the run took {peak / 1e6:.0f} MB")
    for one in held:
        one.close()


def openssl(*words, folder):
    done = subprocess.run([need_tool("openssl"), *words], cwd=folder,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise Skipped(done.stderr.decode()[-200:])


def certificates(t, name="one", days="2"):
    """An authority and a certificate of it; returns the options that name them."""
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            f"/CN={name}-authority", "-keyout", f"{name}-ca.key", "-out",
            f"{name}-ca.pem", folder=t.path)
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1",
            "-keyout", f"{name}.key", "-out", f"{name}.csr", folder=t.path)
    openssl("x509", "-req", "-days", days, "-in", f"{name}.csr", "-CA",
            f"{name}-ca.pem", "-CAkey", f"{name}-ca.key", "-CAcreateserial", "-out",
            f"{name}.pem", folder=t.path)
    os.chmod(t / f"{name}.key", 0o600)
    return ["--certificate", t / f"{name}.pem", "--key", t / f"{name}.key",
            "--authority", t / f"{name}-ca.pem"]


def refused_start(t, words, name):
    try:
        end = t.run("node", "--listen", "127.0.0.1:0", "--store", t / "models",
                    "--state", t / "state", *words, seconds=5)
    except subprocess.TimeoutExpired:
        end = End(0, "", "it started")
    need(end.status == 2, end)
    need(end.says(os.path.basename(name)), end)
    return end.text()


@trial(11, "a node with a key of another certificate", "exit 2, the file is named")
def wrong_key(t):
    words = certificates(t)
    certificates(t, "two")
    words[3] = t / "two.key"
    return refused_start(t, words, "two.key")


@trial(11, "a node with a certificate of another authority",
       "exit 2, the file is named")
def wrong_authority(t):
    words = certificates(t)
    certificates(t, "two")
    words[5] = t / "two-ca.pem"
    return refused_start(t, words, ".pem")


@trial(11, "a node with a certificate that has expired",
       "exit 2, the file is named")
def expired(t):
    return refused_start(t, certificates(t, days="-1"), "one.pem")


@trial(11, "a key that others can read", "a warning, and the node starts")
def open_key(t):
    words = certificates(t)
    os.chmod(t / "one.key", 0o644)
    node = t.node(words=words)
    time.sleep(0.3)
    while not node.queue.empty():
        node.lines.append(node.queue.get() or "")
    said = "".join(node.lines)
    need("one.key" in said, said)
    return [x for x in said.splitlines() if "one.key" in x][0]


@trial(11, "run, shell and status without certificates at a node with TLS",
       "exit 2, each says that certificates are needed")
def plain_to_tls(t):
    node = t.node(words=certificates(t))
    for words in (["run", t.config(), "--nodes", node.address],
                  ["shell", node.address, "-c", "status"],
                  ["status", node.address]):
        end = t.run(*words, seconds=30)
        need(end.status == 2, f"{words[0]}: {end.text()}")
        need(end.says("certificate"), f"{words[0]}: {end.text()}")
        need(not end.says("unhandled"), end)
    return end.text()


@trial(11, "certificates in NNACTOR_CERTIFICATE, _KEY and _AUTHORITY",
       "serve node, run and plan")
def environment(t):
    words = certificates(t)
    env = dict(os.environ, NNACTOR_CERTIFICATE=words[1], NNACTOR_KEY=words[3],
               NNACTOR_AUTHORITY=words[5])
    node = t.node(env=env)
    need(t.run("run", t.config(steps=4), "--nodes", node.address).status != 0,
         "a run without certificates was let in")
    end = t.run("run", t.config(steps=4), "--nodes", node.address, "--set",
                f"store.path={t / 'models'}/tls", env=env)
    need(end.status == 0, end)


@trial(11, "a certificate of another authority at a node",
       "refused, both sides say why")
def other_authority(t):
    node = t.node(words=certificates(t))
    end = t.run("run", t.config(), "--nodes", node.address,
                *certificates(t, "two"), seconds=40)
    need(end.status == 2, end)
    need(end.says("authority") or end.says("certificate"), end)
    need(not end.says("unhandled"), end)
    node.line_with("(?i)certificate|authority|tls", 5)
    return end.text()
