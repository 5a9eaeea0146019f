"""What people see: input that is checked, tables, the plan (items 14 and 16)."""

import json
import re
import unicodedata

from trial import need, trial


@trial(14, "generate --json with a prompt that is not UTF-8",
       "exit 2 in our words")
def invalid_utf8(t):
    t.trained()
    end = t.run("generate", t.model, "--json", "--prompt", b"take \xff\xfe")
    need(end.status == 2, end)
    need("UTF-8" in end.err and "json" not in end.err.replace("--json", ""), end)
    return end.text()


@trial(14, "NaN and infinity for options and keys", "exit 2 everywhere")
def not_a_number(t):
    config = t.trained()
    wrong = []
    for words in (["generate", t.model, "--temperature", "nan"],
                  ["generate", t.model, "--temperature", "inf"],
                  ["shell", "127.0.0.1:1", "--timeout", "nan", "-c", "status"],
                  ["status", "127.0.0.1:1", "--timeout", "inf"],
                  ["run", config, "--check", "--set", "train.rate=nan"],
                  ["run", config, "--check", "--set", "data.validation=inf"]):
        end = t.run(*words)
        named = words[2].lstrip("-") if words[0] != "run" else "--set"
        if end.status != 2 or named not in end.err:
            wrong.append(f"{' '.join(words[::2])}: {end.text()}")
    need(not wrong, "; ".join(wrong))


@trial(14, "a layer called 'a, newline, escape, b'", "is printed as text")
def layer_name(t):
    config = t.config(layers="""
[[network.layers]]
name = "a\\nb\\u001b[2Jc"
kind = "embedding"
units = 7
[[network.layers]]
name = "next"
kind = "dense"
units = "classes"
""")
    for words in (["run", config, "--set", "train.steps=4"], ["plan", config],
                  ["model", "info", t.model],
                  ["run", config, "--check", "--set",
                   "distribute.partition=[{layers=['x']}]"]):
        end = t.run(*words)
        need("\x1b[2J" not in end.all(), f"{words[0]} prints an escape")
        need(not re.search(r"(?m)^b.*c\b", end.all()), f"{words[0]}: two lines")


@trial(14, "generate with characters that the model does not know",
       "says which")
def unknown_characters(t):
    t.trained()
    end = t.run("generate", t.model, "--prompt", "take \u00e9\u4e16 down")
    need("\u00e9" in end.err and "\u4e16" in end.err, end)
    return end.text()


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def widest(text):
    return max((line for line in text.splitlines()), key=width, default="")


@trial(16, "help, nodes, groups and layers in a shell; the tables of plan",
       "at most 80 columns on a terminal that has 80")
def eighty_columns(t):
    _, control = t.long_run(nodes=3)
    seen = []
    for command in ("help", "nodes", "groups", "layers"):
        end = t.on_terminal("shell", control, "-c", command)
        need(end.status == 0, end)
        if width(widest(end.out)) > 80:
            seen.append(f"{command} has {width(widest(end.out))}")
    end = t.on_terminal("plan", t / "small.toml")
    if width(widest(end.out)) > 80:
        seen.append(f"plan: {widest(end.out)}")
    need(not seen, ", ".join(seen))


@trial(16, "one node, one group, one part", "in the singular")
def singular(t):
    _, control = t.long_run(nodes=1)
    texts = t.run("status", control).out + t.run("run", t / "small.toml", "--check",
                                                 "--set", "cluster.nodes=1").out
    found = re.search(r"\b1 (nodes|groups|parts|steps|examples|texts)\b", texts)
    need(not found, texts)


@trial(16, "status of a run that is paused", "shows no rate")
def paused(t):
    _, control = t.long_run()
    t.run("shell", control, "-c", "pause")
    end = t.run("status", control)
    need(end.says("paused"), end)
    need("steps/s" not in end.out, end.out)


@trial(16, "plan for a network that one core is fastest for",
       "shows the config's split, and what it costs in plain words")
def plan_of_split(t):
    end = t.run("plan", t.config())
    need(end.status == 0, end)
    found = re.search(r"One core is fastest: .* [\d.]+ times as long", end.out)
    need(found and "configured" in end.out, end.out[-400:])
    return found.group(0)


@trial(16, "run where the split costs more than it brings, and on one node",
       "hints once, and not at all")
def hint(t):
    config = t.config(steps=4)
    end = t.run("run", config, "--json")
    need(end.status == 0, end)
    hints = [json.loads(x) for x in end.out.splitlines() if '"hint"' in x]
    need(len(hints) == 1, f"{len(hints)} hints")
    end = t.run("run", config, "--json", "--set", "cluster.nodes=1", "--set",
                f"store.path={t / 'models'}/one")
    need(end.status == 0 and '"hint"' not in end.out, end.out[-300:])
    return hints[0]["text"]


@trial(16, "infer of a recurrent network", "an example a line")
def infer_recurrent(t):
    config = t.config(steps=4, layers="""
time_steps = 4
[[network.layers]]
name = "characters"
kind = "embedding"
units = 7
[[network.layers]]
name = "next"
kind = "dense"
units = "classes"
""")
    end = t.run("run", config, "--set", "cluster.nodes=1")
    need(end.status == 0, end)
    lines = {}
    for limit in (5, 10):
        end = t.run("infer", t.model, "--limit", str(limit))
        need(end.status == 0, end)
        lines[limit] = len(end.out.splitlines())
    need(lines[10] == lines[5] + 5,
         f"{lines[5]} lines for 5 examples, {lines[10]} for 10")
