"""Models and stores: nothing that a user made is lost (items 1 to 5)."""

import glob
import os
import shutil
import signal
import subprocess

from trial import Failed, Skipped, need, need_tool, trial


@trial(1, "run twice on the same store.path",
       "exit 2, says what is there and the three ways on; the model is untouched")
def run_again(t):
    config = t.trained()
    before = t.content()
    end = t.run("run", config)
    need(end.status == 2, end)
    need(end.says("step", "loss", "--resume", "--overwrite", "path"), end)
    need(t.content() == before, "the model is another one now")
    return end.text()


@trial(1, "run with --overwrite on a folder that holds a model", "exit 0")
def overwrite(t):
    config = t.trained()
    end = t.run("run", config, "--overwrite", "--set", "train.seed=2")
    need(end.status == 0, end)


@trial(1, "run while another run is alive on the folder",
       "exit 2; the first one goes on")
def run_beside(t):
    run, _ = t.long_run()
    end = t.run("run", t.path + "/small.toml")
    need(end.status == 2, end)
    run.line_with('"event":"committed"')
    return end.text()


@trial(1, "tools/quickstart run again", "says what is there; nothing is lost")
def quickstart_again(t):
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    text = open(os.path.join(root, "tools/quickstart"), encoding="utf-8").read()
    need("--overwrite" not in text, "tools/quickstart overwrites")
    config = t.trained()
    before = t.content()
    t.run("run", config)
    need(t.content() == before, "the model is another one now")


def end_by(t, number):
    run, _ = t.long_run(nodes=2)
    nodes = run.children()
    run.send(number)
    end = run.end()
    need(end.status == 128 + number, end)
    need(end.says("--resume"), f"does not say how to go on: {end.text()}")
    alive = [x for x in nodes if os.path.exists(f"/proc/{x}/exe")]
    need(not alive, f"{len(alive)} of its nodes go on")
    need(t.run("model", "verify", t.model).status == 0, "the model is damaged")
    return f"exit {end.status}"


@trial(2, "Ctrl-C in the middle of a run",
       "a generation, how to go on, no node left, exit 130")
def interrupt(t):
    return end_by(t, signal.SIGINT)


@trial(2, "SIGTERM in the middle of a run", "the same, exit 143")
def terminate(t):
    return end_by(t, signal.SIGTERM)


@trial(2, "Ctrl-C twice", "ends at once with 130")
def interrupt_twice(t):
    run, _ = t.long_run()
    run.send(signal.SIGINT)
    run.send(signal.SIGINT)
    end = run.end(5)
    need(end.status == 130, end)


@trial(3, "a disk that is full at the last step",
       "bounded retries, exit 1, says what is saved")
def full_disk(t):
    need_tool("mount")
    small = t / "small-disk"
    os.mkdir(small)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192k", "trial", small],
                      stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise Skipped("no right to mount a small disk")
    try:
        config = t.config(steps=20)
        end = t.run("run", config, "--set", "cluster.nodes=1", "--set",
                    "network.layers=[{kind='embedding',units=8},{kind='dense',"
                    "units=400},{kind='dense',units='classes'}]", "--set",
                    f"store.path={small}/model", seconds=90)
        need(end.status == 1, end)
        need(end.says("saved"), end)
        return end.text()
    finally:
        subprocess.run(["umount", "-l", small], check=False)


@trial(4, "the store is removed while a run trains",
       "exit 1 soon, names the folder")
def store_removed(t):
    run, _ = t.long_run()
    shutil.rmtree(t.model)
    end = run.end(60)
    need(end.status == 1, f"exit {end.status}: {end.out[-300:]}")
    need(end.says("models/song"), "does not name " + t.model)


@trial(4, "run --nodes on a store that the nodes do not share",
       "exit 2, names store.path; nothing is claimed")
def store_not_shared(t):
    os.mkdir(t / "elsewhere")
    node = t.node(store=t / "elsewhere")
    end = t.run("run", t.config(), "--nodes", node.address)
    need(end.status == 2, end)
    need(end.says("store.path"), end)
    left = glob.glob(t.model + "/*")
    need(not left, f"left behind: {' '.join(map(os.path.basename, left))}")
    return end.text()


@trial(5, "results to a device that is full",
       "every command says so and does not exit with 0")
def full_output(t):
    config = t.trained()
    table = (glob.glob(t.model + ".nodes/*/connections.table") or [""])[0]
    commands = [["run", config, "--check"], ["model", "info", t.model],
                ["infer", t.model, "--limit", "3"], ["--version"], ["--help"],
                ["devices", "--json"], ["node", "table", table]]
    wrong = []
    for words in commands:
        with open("/dev/full", "wb") as full:
            end = t.run(*words, stdout=full)
        if end.status == 0:
            wrong.append(" ".join(words[:2]))
    need(not wrong, "exit 0: " + ", ".join(wrong))


@trial(5, "model export to a file that exists",
       "exit 2, says that it exists; the file is untouched")
def export_again(t):
    t.trained()
    file = t.write("there.safetensors", "mine")
    end = t.run("model", "export", t.model, "--safetensors", file)
    need(end.status == 2, end)
    need(end.says("exist") or end.says("is there"), end)
    if open(file, encoding="utf-8").read() != "mine":
        raise Failed("the file was overwritten")
    return end.text()
