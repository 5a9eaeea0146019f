"""Nodes: they end, come back, keep their numbers (items 7 to 10, 12, 13)."""

import json
import signal
import time

from trial import Failed, need, stop, trial


@trial(7, "SIGTERM to a node after a job, 8 times", "it ends within 5 s")
def node_ends(t):
    slowest = 0
    for i in range(8):
        node = t.node()
        end = t.run("run", t.config(steps=4), "--nodes", node.address, "--set",
                    f"store.path={t / 'models'}/round-{i}")
        need(end.status == 0, end)
        slowest = max(slowest, stop(node))
    return f"{slowest:.2f} s at most"


@trial(8, "a node is stopped after a job and started again on its port, 4 times",
       "it listens at once")
def port_again(t):
    listen = "127.0.0.1:0"
    for i in range(4):
        node = t.node(listen=listen)
        listen = node.address
        end = t.run("run", t.config(steps=4), "--nodes", listen, "--set",
                    f"store.path={t / 'models'}/round-{i}")
        need(end.status == 0, end)
        node.send(signal.SIGINT)
        node.process.wait(timeout=5)
    t.node(listen=listen)


def ask(t, control, *words):
    end = t.run("shell", control, "--json", "-c", " ".join(words))
    need(end.status == 0, end)
    return json.loads(end.out.strip().splitlines()[-1])


def numbers(t, control):
    return {x["address"]: x["node"] for x in ask(t, control, "nodes")["nodes"]}


def until(test, seconds=20):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            return False
        time.sleep(0.3)
    return True


def three_nodes(t):
    nodes = t.nodes_of(3)
    run, control = t.long_run("--nodes", ",".join(x.address for x in nodes))
    return nodes, run, control


@trial(9, "the first of three nodes dies", "the others keep their numbers")
def numbers_stay(t):
    nodes, run, control = three_nodes(t)
    before = numbers(t, control)
    nodes[0].process.kill()
    need(until(lambda: nodes[0].address not in numbers(t, control)
               or ask(t, control, "status")["nodes"] == 2),
         "the loss is not seen")
    run.line_with('"event":"step"')
    after = numbers(t, control)
    for node in nodes[1:]:
        need(after[node.address] == before[node.address],
             f"{before} became {after}")
    return f"{sorted(after.values())}"


@trial(9, "kill-node HOST:PORT", "that node dies and no other")
def kill_by_address(t):
    nodes, _, control = three_nodes(t)
    ask(t, control, "kill-node", nodes[1].address)
    nodes[1].process.wait(timeout=10)
    need(nodes[0].process.poll() is None and nodes[2].process.poll() is None,
         "another one died")


@trial(9, "node table", "counts nodes from 1, as all others do")
def table_from_one(t):
    node = t.node()
    end = t.run("run", t.config(steps=4), "--nodes", node.address)
    need(end.status == 0, end)
    end = t.run("node", "table", t / "state-1/connections.table")
    need(end.status == 0, end)
    need("node 0" not in end.out.lower(), end.out[:300])


@trial(10, "a node dies and is started again on its address",
       "the run takes it back by itself")
def taken_back(t):
    nodes, run, control = three_nodes(t)
    nodes[2].process.kill()
    nodes[2].process.wait()
    run.line_with('"event":"notice"')
    again = t.node(listen=nodes[2].address)
    need(until(lambda: again.address in numbers(t, control), 30),
         "it stays outside")


@trial(12, "addresses that cannot be, with --check",
       "each refused with exit 2, in words")
def addresses(t):
    config = t.config()
    wrong = []
    for address in ["::1", "127.0.0.1:80:90", "[::1", "127.0.0.1:0", "[::1]:0",
                    "127.0.0.1:99999", "127.0.0.1:", ":4700"]:
        end = t.run("run", config, "--check", "--nodes", address)
        if end.status != 2 or address not in end.all():
            wrong.append(f"{address} ({end.text()})")
    need(not wrong, "; ".join(wrong))


@trial(12, "a node on [::1]", "is written with brackets, and reached so")
def brackets(t):
    try:
        node = t.node(listen="[::1]:0")
    except Failed as why:
        raise Failed(f"cannot listen: {why}") from why
    need(node.address.startswith("[::1]:"), node.address)
    end = t.run("run", t.config(steps=4), "--nodes", node.address)
    need(end.status == 0, end)


@trial(12, "a name that does not resolve",
       "is named before TLS is asked for, in words")
def unknown_name(t):
    end = t.run("run", t.config(), "--nodes", "no-such-host.invalid:4700",
                "--set", "cluster.connect_timeout_ms=1000")
    need(end.status == 2, end)
    need(end.says("no-such-host.invalid") and "TLS" not in end.all(), end)
    need("error" not in end.err.lower().replace("nnactor:", ""), end)
    return end.text()


@trial(13, "forty nodes of a small network on this machine", "exit 0")
def forty_nodes(t):
    config = t.write("noise.toml", NOISE.format(units=40, classes=40, path=t.model))
    end = t.run("run", config, "--set", "cluster.nodes=40", seconds=120)
    need(end.status == 0, end)


NOISE = """
[data]
format = "noise"
inputs = 64
classes = {classes}
examples = 64
[[network.layers]]
name = "hidden"
kind = "dense"
units = {units}
activation = "relu"
[[network.layers]]
name = "out"
kind = "dense"
units = "classes"
[train]
steps = 4
batch = 32
evaluate_every = 2
[store]
path = "{path}"
"""


def estimate(t, units, classes):
    config = t.write("noise.toml",
                     NOISE.format(units=units, classes=classes, path=t.model))
    node = t.node()
    end = t.run("plan", config, "--json", "--nodes", node.address)
    need(end.status == 0, end)
    planned = json.loads(end.out)["nodes"][0]["bytes"]
    node.forget_peak()
    end = t.run("run", config, "--nodes", node.address)
    need(end.status == 0, end)
    used = node.memory("VmHWM")
    seen = f"planned {planned / 1e6:.1f} MB, used {used / 1e6:.1f} MB"
    need(abs(planned - used) < 0.1 * used + (12 << 20), seen)
    return seen


@trial(13, "memory of a job of 4 neurons", "planned within 10 % (and 12 MiB)")
def smallest(t):
    return estimate(t, 2, 2)


@trial(13, "memory of a job of 10 million parameters",
       "planned within 10 % (and 12 MiB)")
def ten_million(t):
    return estimate(t, 50_000, 136)


@trial(13, "a run that does not fit cluster.memory",
       "exit 2, says what to change")
def too_little(t):
    end = t.run("run", t.config(), "--set", "cluster.memory='1 MB'")
    need(end.status == 2, end)
    need(end.says("cluster.memory"), end)
    return end.text()
