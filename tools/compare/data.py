"""The examples of nnactor in its order, see libnnactor/nnactor/data."""

import math
import pathlib

import numpy
import torch

from counter_random import CounterRandom, Permutation
from settings import need


def rounded(value):
    return math.floor(value + 0.5)


class Text:
    """Characters are tokens; an example to train on starts at each of them."""

    def __init__(self, settings):
        need(settings.get("data.tokens", 0) == 0, "data.tokens")
        path = pathlib.Path(settings.get("data.path", ""))
        need(path.is_file(), f"a text that is no file ({path})")
        text = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
        points = numpy.array([ord(character) for character in text])
        characters, tokens = numpy.unique(points, return_inverse=True)
        kept = rounded(len(tokens) * settings.get("data.validation", 0.1))
        self.context = settings.get("data.context", 16)
        self.tokens = torch.from_numpy(tokens.astype(numpy.int64))
        self.size = len(tokens) - kept - self.context
        self.classes = len(characters)
        self.inputs = None

    def gather(self, indices):
        places = torch.as_tensor(indices.astype(numpy.int64))[:, None]
        places = places + torch.arange(self.context)
        return self.tokens[places], self.tokens[places + 1]


class Noise:
    """Random values of random classes."""

    def __init__(self, settings):
        need(settings.get("data.time_steps", 1) == 1, "data.time_steps")
        examples = settings.get("data.examples", 1000)
        kept = rounded(examples * settings.get("data.validation", 0.1))
        self.context = 1
        self.size = examples - kept
        self.classes = settings.get("data.classes", 10)
        self.inputs = settings.get("data.inputs", 64)
        values = numpy.arange(examples * self.inputs)
        values = CounterRandom(1, 0).uniform(values) - numpy.float32(0.5)
        labels = CounterRandom(1, 1).bits(numpy.arange(examples))
        labels = (labels % numpy.uint64(self.classes)).astype(numpy.int64)
        self.values = torch.from_numpy(values.reshape(examples, self.inputs))
        self.labels = torch.from_numpy(labels)

    def gather(self, indices):
        places = torch.as_tensor(indices.astype(numpy.int64))
        return self.values[places], self.labels[places]


def open_data(settings):
    kinds = {"text": Text, "noise": Noise}
    kind = settings.get("data.format", "text")
    need(kind in kinds, f"data.format = '{kind}'")
    return kinds[kind](settings)


def batch(size, count, seed, step):
    """The examples of a step; one may end an epoch and begin the next."""
    places = numpy.arange(step * count, (step + 1) * count)
    found = numpy.empty(count, dtype=numpy.uint64)
    for epoch in numpy.unique(places // size):
        inside = places // size == epoch
        order = Permutation(size, CounterRandom(seed, epoch).bits(0))
        found[inside] = order(places[inside] % size)
    return found
