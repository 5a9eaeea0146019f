"""The networks of nnactor in PyTorch, with the very same initial values."""

import math

import numpy
import torch
from torch import nn
from torch.nn import functional

from counter_random import CounterRandom
from settings import need, take_known

ACTIVATIONS = {"none": lambda x: x, "relu": functional.relu,
               "gelu": functional.gelu, "silu": functional.silu,
               "tanh": torch.tanh, "sigmoid": torch.sigmoid}


class Neurons:
    """Initial values of the layers, in their order: neurons are numbered
    throughout, and a value depends on its neuron's number and on its place
    among the neuron's values; see engine/initial_parameters.cpp."""

    def __init__(self, seed):
        self.seed = seed
        self.first = 0

    def skip(self, units):
        self.first += units

    def draw(self, units, bound, *columns):
        """A tensor with a row a neuron for each number of columns."""
        neurons = numpy.arange(self.first, self.first + units)[:, None]
        self.first += units
        places = numpy.arange(sum(columns))[None, :]
        values = CounterRandom(self.seed, neurons).uniform(places)
        values = numpy.float32(bound) * (2 * values - numpy.float32(1))
        return torch.from_numpy(values).split(columns, dim=1)


def linear(weight):
    rows, columns = weight.shape
    out = nn.Linear(columns, rows, bias=False)
    out.weight.data = weight.contiguous()
    return out


class Shape:
    """What the table of kind "transformer" says."""

    def __init__(self, layer):
        take_known(layer, {"kind", "name", "label", "blocks", "hidden", "heads",
                           "kv_heads", "head_size", "mlp", "gated",
                           "activation", "norm", "epsilon", "positions",
                           "rotary_base", "bias", "dropout"})
        need(not layer.get("bias", False), "a bias in a transformer")
        need(layer.get("dropout", 0) == 0, "dropout")
        self.blocks = layer["blocks"]
        self.hidden = layer["hidden"]
        self.heads = layer["heads"]
        self.kv_heads = layer.get("kv_heads", self.heads)
        self.head_size = layer.get("head_size", self.hidden // self.heads)
        self.mlp = layer.get("mlp", 4 * self.hidden)
        self.gated = layer.get("gated", False)
        self.activation = ACTIVATIONS[layer.get("activation", "gelu")]
        self.norm = layer.get("norm", "layer")
        self.epsilon = layer.get("epsilon", 1e-5)
        self.positions = layer.get("positions", "rotary")
        self.rotary_base = layer.get("rotary_base", 10000)
        # The bound of all that reads a stream.
        self.bound = math.sqrt(3 * 2 / (5 * self.hidden))

    def make_norm(self):
        if self.norm == "none":
            return nn.Identity()
        kind = nn.LayerNorm if self.norm == "layer" else nn.RMSNorm
        return kind(self.hidden, eps=self.epsilon)


class Attention(nn.Module):
    def __init__(self, shape, neurons):
        super().__init__()
        self.shape = shape
        asking = shape.heads // shape.kv_heads * shape.head_size
        sizes = [asking, shape.head_size, shape.head_size, asking]
        query, key, value, output = (
            x.reshape(-1, shape.hidden)
            for x in neurons.draw(shape.kv_heads, shape.bound,
                                  *(size * shape.hidden for size in sizes)))
        self.inward = linear(torch.cat([query, key, value]))
        self.outward = linear(output.T)

    def forward(self, x, angles):
        heads, kv_heads = self.shape.heads, self.shape.kv_heads
        batch, context, _ = x.shape
        x = self.inward(x).view(batch, context, -1, self.shape.head_size)
        x = x.transpose(1, 2)
        turned, value = x.split([heads + kv_heads, kv_heads], dim=1)
        if angles is not None:
            cosines, sines = (a.to(x.dtype) for a in angles)
            first, second = turned.chunk(2, dim=-1)
            turned = turned * cosines + torch.cat([-second, first], -1) * sines
        query, key = turned.split([heads, kv_heads], dim=1)
        x = functional.scaled_dot_product_attention(
            query, key, value, is_causal=True, enable_gqa=heads != kv_heads)
        return self.outward(x.transpose(1, 2).reshape(batch, context, -1))


class Mlp(nn.Module):
    def __init__(self, shape, neurons):
        super().__init__()
        self.shape = shape
        parts = neurons.draw(shape.mlp, shape.bound,
                             *[shape.hidden] * (3 if shape.gated else 2))
        self.up = linear(parts[0])
        self.down = linear(parts[1].T)
        if shape.gated:
            self.gate = linear(parts[2])

    def forward(self, x):
        activation = self.shape.activation
        if self.shape.gated:
            return self.down(activation(self.gate(x)) * self.up(x))
        return self.down(activation(self.up(x)))


class Block(nn.Module):
    def __init__(self, shape, neurons):
        super().__init__()
        self.before_attention = shape.make_norm()
        self.attention = Attention(shape, neurons)
        neurons.skip(shape.hidden)
        self.before_mlp = shape.make_norm()
        self.mlp = Mlp(shape, neurons)
        neurons.skip(shape.hidden)

    def forward(self, x, angles):
        x = x + self.attention(self.before_attention(x), angles)
        return x + self.mlp(self.before_mlp(x))


def rotary_angles(shape, context):
    """Cosines and sines by position, each for both halves of a head."""
    powers = torch.arange(0, shape.head_size, 2).double() / shape.head_size
    speeds = float(shape.rotary_base) ** -powers
    angles = torch.outer(torch.arange(context).double(), speeds).repeat(1, 2)
    return angles.cos().float(), angles.sin().float()


class Transformer(nn.Module):
    def __init__(self, shape, data, neurons):
        super().__init__()
        table_bound = numpy.float32(0.02) * numpy.float32(1.7320508)
        self.tokens = nn.Embedding(data.classes, shape.hidden)
        self.tokens.weight.data, = neurons.draw(data.classes, table_bound,
                                                shape.hidden)
        self.positions = None
        if shape.positions == "learnt":
            self.positions = nn.Parameter(
                neurons.draw(data.context, table_bound, shape.hidden)[0])
        self.angles = None
        if shape.positions == "rotary":
            self.angles = rotary_angles(shape, data.context)
        neurons.skip(shape.hidden)
        self.blocks = nn.ModuleList(
            Block(shape, neurons) for _ in range(shape.blocks))
        self.norm = shape.make_norm()
        self.vocabulary = linear(
            neurons.draw(data.classes, shape.bound, shape.hidden)[0])

    def forward(self, tokens):
        x = self.tokens(tokens)
        if self.positions is not None:
            x = x + self.positions
        for block in self.blocks:
            x = block(x, self.angles)
        return self.vocabulary(self.norm(x)).flatten(0, 1)


class Perceptron(nn.Module):
    def __init__(self, layers, data, neurons):
        super().__init__()
        self.dense = nn.ModuleList()
        self.activations = []
        width = data.inputs
        for layer in layers:
            take_known(layer, {"kind", "name", "label", "units", "activation"})
            units = layer["units"]
            units = data.classes if units == "classes" else units
            name = layer.get("activation", "none")
            rectified = name in ("relu", "gelu", "silu")
            bound = math.sqrt(6 / (width if rectified else width + units))
            dense = nn.Linear(width, units)
            dense.weight.data, = neurons.draw(units, bound, width)
            dense.bias.data.zero_()
            self.dense.append(dense)
            self.activations.append(ACTIVATIONS[name])
            width = units

    def forward(self, x):
        for dense, activation in zip(self.dense, self.activations):
            x = activation(dense(x))
        return x


def make_model(settings, data):
    need(settings.get("network.loss", "softmax_cross_entropy")
         == "softmax_cross_entropy", "another loss than the cross-entropy")
    neurons = Neurons(settings.get("train.seed", 1))
    layers = settings.layers
    kinds = [layer["kind"] for layer in layers]
    if kinds == ["transformer", "vocabulary"] and data.inputs is None:
        take_known(layers[1], {"kind", "name", "label", "units"})
        return Transformer(Shape(layers[0]), data, neurons)
    need(set(kinds) == {"dense"} and data.inputs is not None,
         f"a network of {', '.join(kinds) or 'default layers'}")
    return Perceptron(layers, data, neurons)
