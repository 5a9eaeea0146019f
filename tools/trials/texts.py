"""Messages, files from elsewhere, the bundle (items 15, 17 and 18)."""

import glob
import json
import os
import struct
import subprocess
import tarfile

import trial as trials
from trial import need, need_tool, trial


def refusal(t, config, *overrides):
    words = ["run", config, "--check"]
    for one in overrides:
        words += ["--set", one]
    end = t.run(*words)
    need(end.status == 2, f"{overrides}: {end.text()}")
    need(end.err.count("\n") == 1, f"not one line: {end.err}")
    return end.err


@trial(15, "numbers that are wrong", "named as what they are")
def numbers(t):
    config = t.config()
    tries = {
        "train.seed=18446744073709551615": "string",
        "train.batch=99999999999999999999": "could not convert",
        "distribute.partition=[{percentage=33.29},{percentage=33.3},"
        "{percentage=33.3}]": "99.89999999",
        "train.steps=1099511627777": "1099511627777 are too many: at most "
                                     "1099511627777",
    }
    wrong = []
    for override, bad in tries.items():
        said = t.run("run", config, "--check", "--set", override).err
        if bad in said:
            wrong.append(said.strip())
    need(not wrong, "; ".join(wrong))


@trial(15, "ids that name a neuron twice, or none", "refused, the entry is named")
def ids(t):
    config = t.config()
    said = refusal(t, config, "distribute={per_layer=false,partition="
                              "[{ids=['0-60',5]},{ids=['61-64']}]}")
    need("5" in said, said)
    more = refusal(t, config, "distribute={per_layer=false,partition="
                              "[{ids=['0-6x']},{ids=['61-64']}]}")
    need("0-6x" in more, more)
    return said


@trial(15, "a word of the config without quotes",
       "says that text is put into quotes")
def unquoted(t):
    config = t.config()
    text = open(config, encoding="utf-8").read()
    t.write("small.toml", text.replace("[train]", "[network]\nloss = mse\n[train]", 1)
            .replace("[[network.layers]]", "[[network.layers]]"))
    said = refusal(t, config)
    need("quot" in said, said)
    return said


@trial(15, "an IDX file of another kind, and one of Git LFS",
       "named as what they are")
def foreign_files(t):
    config = t.write("digits.toml", f'[data]\nformat = "idx"\npath = "{t.path}"\n'
                                    'images = "images"\nlabels = "labels"\n')
    t.write("labels", struct.pack(">II", 0x801, 1) + b"\0")
    t.write("images", struct.pack(">IIIIII", 0x804, 1, 1, 1, 1, 1))
    said = refusal(t, config)
    need("4 GiB" not in said and "images" in said, said)
    pointer = ("version https://git-lfs.github.com/spec/v1\noid sha256:"
               + "0" * 64 + "\nsize 12345\n")
    file = t.write("lfs.safetensors", pointer)
    end = t.run("model", "import", t / "models/new", "--safetensors", file)
    need(end.status == 2 and end.says("git", "lfs"), end)
    return end.text()


@trial(15, "bench step with too few steps", "says so, prints no NaN")
def short_bench(t):
    config = t.config()
    end = t.run("bench", "step", "--config", config, "--steps", "20")
    need("nan" not in end.out.lower() and " 0.0" not in end.out, end)
    return end.text()


@trial(15, "a loss that is no number before anything was saved",
       "does not say that a generation is kept; NaN has no sign")
def nothing_kept(t):
    end = t.run("run", t.config(), "--set", "train.rate=1e30", "--set",
                "train.optimizer=sgd", "--set", "cluster.nodes=1")
    need(end.status == 1, end)
    need("is kept" not in end.err and "-nan" not in end.err, end)
    return end.text()


@trial(17, "infer --output", "its help says what is written")
def output_is_documented(t):
    end = t.run("infer", "--help")
    need(end.says("softmax") or end.says("probabilit"), end.out)


@trial(17, "a text with fewer characters than the model knows, with infer",
       "exit 0")
def fewer_characters(t):
    t.trained()
    file = t.write("few.txt", "take bottles down\n" * 60)
    end = t.run("infer", t.model, "--set", f"data.path={file}", "--limit", "5")
    need(end.status == 0, end)


@trial(17, "a text that begins with a byte order mark", "it is no token")
def byte_order_mark(t):
    config = t.config()
    plain = t.run("run", config, "--check").out
    text = open(t / "song.txt", encoding="utf-8").read()
    t.write("song.txt", b"\xef\xbb\xbf" + text.encode())
    marked = t.run("run", config, "--check").out
    need(plain.splitlines()[0] == marked.splitlines()[0], marked)


@trial(17, "a link to nowhere in a data folder", "is named")
def dangling_link(t):
    config = t.config()
    os.mkdir(t / "texts")
    os.rename(t / "song.txt", t / "texts/song.txt")
    os.symlink("/nowhere/at-all", t / "texts/lost.txt")
    end = t.run("run", config, "--check", "--set", f"data.path={t / 'texts'}")
    need("lost.txt" in end.all(), end)
    return end.text()


@trial(17, "a model with a NaN, imported", "the tensor is named")
def imported_nan(t):
    t.trained()
    file = t / "model.safetensors"
    end = t.run("model", "export", t.model, "--safetensors", file)
    need(end.status == 0, end)
    with open(file, "r+b") as model:
        (length,) = struct.unpack("<Q", model.read(8))
        header = json.loads(model.read(length))
        name = [x for x in header if x != "__metadata__"][0]
        model.seek(8 + length + header[name]["data_offsets"][0])
        model.write(struct.pack("<f", float("nan")))
    end = t.run("model", "import", t / "models/new", "--safetensors", file)
    need(end.says("nan") or end.says("finite") or end.says("not a number"), end)
    return end.text()


@trial(18, "tools/bundle", "holds what the README's examples use")
def bundle(t):
    need_tool("strip")
    root = os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))))
    done = subprocess.run([root + "/tools/bundle", "--build",
                           os.path.dirname(trials.PROGRAM), t / "bundle.tar.gz"],
                          capture_output=True, check=False)
    need(done.returncode == 0, done.stderr.decode()[-300:])
    with tarfile.open(t / "bundle.tar.gz") as packed:
        names = {x.removeprefix("nnactor/") for x in packed.getnames()}
    lacks = [x for x in (os.path.relpath(y, root) for y in
                         glob.glob(root + "/configs/**/*.toml", recursive=True))
             if x not in names]
    need(not lacks, "lacks " + ", ".join(lacks))


@trial(18, "the README on certificates",
       "how they are made, and whether one serves all machines")
def readme(_):
    root = os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))))
    text = open(root + "/README.md", encoding="utf-8").read()
    need("openssl" in text, "no word of openssl")
