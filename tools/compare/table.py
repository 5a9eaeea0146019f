"""Trains networks with nnactor and with PyTorch and prints one table; what the
options are for stands in README.md."""

import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from settings import Settings

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
COMPARED = 20  # Steps after which rounding may have led both apart.


class Failed(Exception):
    pass


class Course:
    """Losses of a run, and when each of its steps was told."""

    def __init__(self):
        self.losses = []
        self.times = []

    def add(self, line):
        event = json.loads(line)
        if event.get("event", "step") == "step":
            self.times.append(time.monotonic())
            self.losses.append(event["loss"])

    def steps_per_second(self, left_out):
        """One that ended early leaves out half of what it has at most."""
        left_out = min(left_out, len(self.times) // 2)
        return ((len(self.times) - left_out)
                / (self.times[-1] - self.times[left_out - 1]))


@contextlib.contextmanager
def started(words, cores, errors):
    """A process on these cores alone, ended where it has not."""
    words = ["taskset", "-c", ",".join(map(str, cores)), *map(str, words)]
    with open(errors, "w") as error_file:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=error_file)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def follow(process, errors, minutes):
    """The course of a run to its end, or until it took so long."""
    course = Course()
    end = time.monotonic() + 60 * minutes
    for line in process.stdout:
        course.add(line)
        if time.monotonic() > end and len(course.times) > 1:
            return course
    if process.wait() != 0:
        said = errors.read_text().strip().splitlines() or ["it said nothing"]
        raise Failed(said[-1])
    return course


def to_set(changes):
    return [word for change in changes for word in ("--set", change)]


class Case:
    """A config with what is changed in it, for all who train it."""

    def __init__(self, name, config, changes, options):
        self.name = name
        self.config = config
        self.options = options
        self.changes = changes + [f"train.steps={options.steps}",
                                  f"train.evaluate_every={options.steps}",
                                  "train.evaluate_examples=1",
                                  "train.sample=0"]
        settings = Settings(config, self.changes)
        warmup = settings.get("train.warmup", 0)
        self.changes.append(f"train.warmup={min(warmup, options.steps)}")
        is_text = settings.get("data.format", "text") == "text"
        self.unit = "tokens" if is_text else "examples"
        self.units_a_step = settings.get("train.batch", 128) * (
            settings.get("data.context", 16) if is_text else 1)

    def command(self, folder, *changes):
        return [self.options.nnactor, "run", self.config, "--json",
                *to_set([*self.changes, f"store.path={folder}/model",
                         *changes])]

    def one_node(self, folder, cores):
        errors = folder / "errors"
        words = self.command(folder, "cluster.nodes=1")
        with started(words, cores[:1], errors) as process:
            return follow(process, errors, self.options.minutes)

    def two_nodes(self, folder, cores, by):
        """Each node has one core; who leads them has the same two."""
        errors = folder / "errors"
        with contextlib.ExitStack() as nodes:
            addresses = []
            for core in cores:
                process = nodes.enter_context(started(
                    [self.options.nnactor, "node", "--listen", "127.0.0.1:0",
                     "--store", folder, "--state", folder / f"node-{core}"],
                    [core], folder / f"errors-{core}"))
                words = process.stdout.readline().partition("listening on ")
                addresses.append(words[2].partition(",")[0])
            words = self.command(folder, f"distribute.by={by}")
            words += ["--nodes", ",".join(addresses)]
            with started(words, cores, errors) as process:
                return follow(process, errors, self.options.minutes)

    def pytorch(self, folder, cores):
        """A process a core; each has the same share of every batch."""
        words = [sys.executable, "-B", HERE / "train.py", self.config,
                 "--ranks", len(cores), "--meet", folder / "meet",
                 *to_set(self.changes)]
        if self.options.compile:
            words.append("--compile")
        errors = [folder / f"errors-{core}" for core in cores]
        with contextlib.ExitStack() as processes:
            ranks = [processes.enter_context(
                         started([*words, "--rank", rank], [core], error))
                     for rank, (core, error) in enumerate(zip(cores, errors))]
            with concurrent.futures.ThreadPoolExecutor() as readers:
                minutes = [self.options.minutes] * len(ranks)
                courses = list(readers.map(follow, ranks, errors, minutes))
        courses[0].losses = [sum(losses) / len(losses) for losses in zip(
            *(course.losses for course in courses))]
        return courses[0]

    def runs(self, cores):
        """Who trains it on how many cores, and how."""
        yield ("nnactor, one node", 1,
               lambda folder: self.one_node(folder, cores))
        yield ("PyTorch, one process", 1,
               lambda folder: self.pytorch(folder, cores[:1]))
        if len(cores) < 2:
            return
        yield ("nnactor, two nodes, halves", 2,
               lambda folder: self.two_nodes(folder, cores, "even"))
        yield ("nnactor, two nodes, its plan", 2,
               lambda folder: self.two_nodes(folder, cores, "auto"))
        yield ("PyTorch, two processes", 2,
               lambda folder: self.pytorch(folder, cores))


class Table:
    """Rows of which each is printed as soon as it is known."""

    WIDTHS = [20, 28, 5, 16]

    def __init__(self, options):
        count = min(6, options.steps)
        self.steps = sorted({max(1, options.steps * i // count)
                             for i in range(count + 1)})
        self.row(["", "", "", "", "loss after step"])
        self.row(["network", "trained by", "cores", "a second",
                  *(f"{step:>8}" for step in self.steps)])

    def row(self, cells):
        widths = self.WIDTHS + [0] * len(cells)
        alignments = "<<>>" + "<" * len(cells)
        print("  ".join(f"{cell:{alignment}{width}}" for cell, alignment, width
                        in zip(cells, alignments, widths)).rstrip(), flush=True)

    def add(self, case, name, cores, course, left_out):
        speed = course.steps_per_second(left_out) * case.units_a_step
        self.row([case.name, name, cores, f"{speed:,.0f} {case.unit}",
                  *(f"{course.losses[step - 1]:8.4f}" for step in self.steps
                    if step <= len(course.losses))])


def difference(courses):
    """What to say of two courses on one core."""
    apart = [abs(ours - theirs)
             for ours, theirs in zip(*(course.losses for course in courses))]
    return (f"losses of nnactor and PyTorch on one core differ by at most "
            f"{max(apart[:COMPARED]):.1e} up to step "
            f"{min(COMPARED, len(apart))}, by {max(apart):.1e} up to step "
            f"{len(apart)}")


def compare(case, cores, table, options):
    """Whether all runs of the case went well, and what to say in the end."""
    courses = {}
    well = True
    for name, count, run in case.runs(cores):
        with tempfile.TemporaryDirectory() as folder:
            try:
                course = courses[name] = run(pathlib.Path(folder))
                table.add(case, name, count, course, options.left_out)
            except Failed as why:
                well = False
                table.row([case.name, name, count, "failed", str(why)])
    pair = [course for name, course in courses.items() if " one " in name]
    return well, difference(pair) if len(pair) == 2 else None


def read_options():
    options = argparse.ArgumentParser(
        prog="tools/compare/run",
        description="Compares nnactor with PyTorch, see README.md.")
    options.add_argument("config", nargs="?", metavar="CONFIG",
                         default=TOP / "configs/shakespeare.toml")
    options.add_argument("--set", action="append", default=[],
                         metavar="KEY=VALUE", help="of CONFIG, several times")
    options.add_argument("--steps", type=int, default=60, help="(60)")
    options.add_argument("--left-out", type=int, metavar="N",
                         help="first steps that speeds leave out (10)")
    options.add_argument("--minutes", type=float, default=5,
                         help="after which a run ends with fewer steps (5)")
    options.add_argument("--nnactor", default=TOP / "build/nnactor",
                         metavar="PROGRAM")
    options.add_argument("--compile", action="store_true",
                         help="PyTorch compiles the network (torch.compile)")
    chosen = options.parse_args()
    if chosen.left_out is None:
        chosen.left_out = min(10, chosen.steps // 2)
    if chosen.steps < 2 or not 0 < chosen.left_out < chosen.steps:
        options.error("--left-out: at least 1 and less than --steps")
    if not os.access(chosen.nnactor, os.X_OK):
        options.error(f"{chosen.nnactor} is not there; build it with "
                      "tools/build")
    return chosen


def main():
    options = read_options()
    cores = sorted(os.sched_getaffinity(0))[:2]
    name = pathlib.Path(options.config).stem
    float32, bfloat16 = "train.precision=float32", "train.precision=bfloat16"
    cases = [
        Case(f"{name} float32", options.config, [*options.set, float32],
             options),
        Case(f"{name} bfloat16", options.config, [*options.set, bfloat16],
             options),
        Case("perceptron float32", HERE / "perceptron.toml", [float32],
             options)]
    table = Table(options)
    notes = []
    all_well = True
    for case in cases:
        well, note = compare(case, cores, table, options)
        all_well = all_well and well
        if note:
            notes.append(f"{case.name}: {note}")
    print(f"\nSpeeds are of steps {options.left_out + 1} to {options.steps}; "
          f"runs of more than {options.minutes:g} minutes have fewer.")
    print(*notes, sep="\n")
    if len(cores) < 2:
        print("There is one core only, so nothing ran on two.")
    sys.exit(0 if all_well else 1)


if __name__ == "__main__":
    main()
