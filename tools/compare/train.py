"""Trains the network of a config with PyTorch, on one core, and prints a line
for each step, of which `table.py` takes the time: {"step": 1, "loss": 4.17}.

One of several processes takes its share of every batch, and prints its loss.
"""

import argparse
import json
import math
import os

import torch
from torch import distributed
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

import data
import model
from settings import Settings, need


class Schedule:
    """Learning rates by step, from 0; see engine/learning_rate.cpp."""

    def __init__(self, settings):
        self.rate = settings.get("train.rate", 0.001)
        self.final_rate = settings.get("train.final_rate", 0.0)
        self.warmup = settings.get("train.warmup", 0)
        self.steps = settings.get("train.steps", 1000)
        self.kind = settings.get("train.schedule", "constant")

    def at(self, step):
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        if self.kind == "constant":
            return self.rate
        last = self.steps - 1
        progress = 1.0
        if last > self.warmup:
            progress = min((step - self.warmup) / (last - self.warmup), 1.0)
        return self.final_rate + (self.rate - self.final_rate) * 0.5 * (
            1 + math.cos(math.pi * progress))


def make_optimizer(settings, network):
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    kind = settings.get("train.optimizer", "adam")
    need(kind in kinds, f"train.optimizer = '{kind}'")
    # What is added or scales does not decay.
    decays = [x for x in network.parameters() if x.dim() > 1]
    stays = [x for x in network.parameters() if x.dim() <= 1]
    groups = [{"params": decays,
               "weight_decay": settings.get("train.weight_decay", 0.0)},
              {"params": stays, "weight_decay": 0.0}]
    return kinds[kind]([group for group in groups if group["params"]],
                       betas=(settings.get("train.beta1", 0.9),
                              settings.get("train.beta2", 0.999)),
                       eps=settings.get("train.epsilon", 1e-8), fused=True)


def train(settings, rank, ranks, compiled):
    examples = data.open_data(settings)
    network = model.make_model(settings, examples)
    optimizer = make_optimizer(settings, network)
    schedule = Schedule(settings)
    count = settings.get("train.batch", 128)
    seed = settings.get("train.seed", 1)
    clip = settings.get("train.clip", 0.0)
    rounds = settings.get("train.precision", "float32") == "bfloat16"
    need(count % ranks == 0, f"a batch of {count} for {ranks} processes")
    share = slice(rank * count // ranks, (rank + 1) * count // ranks)
    called = torch.compile(network) if compiled else network
    if ranks > 1:
        called = DistributedDataParallel(called, gradient_as_bucket_view=True)
    for step in range(schedule.steps):
        for group in optimizer.param_groups:
            group["lr"] = schedule.at(step)
        indices = data.batch(examples.size, count, seed, step)[share]
        inputs, labels = examples.gather(indices)
        with torch.autocast("cpu", torch.bfloat16, enabled=rounds):
            loss = functional.cross_entropy(called(inputs), labels.flatten())
        loss.backward()
        if clip > 0:
            torch.nn.utils.clip_grad_norm_(network.parameters(), clip)
        optimizer.step()
        optimizer.zero_grad()
        print(json.dumps({"step": step + 1, "loss": loss.item()}), flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("config")
    options.add_argument("--set", action="append", default=[])
    options.add_argument("--compile", action="store_true")
    options.add_argument("--rank", type=int, default=0)
    options.add_argument("--ranks", type=int, default=1)
    options.add_argument("--meet", help="file through which ranks meet")
    how = options.parse_args()
    torch.set_num_threads(1)
    if how.ranks > 1:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        distributed.init_process_group(
            "gloo", init_method=f"file://{how.meet}", rank=how.rank,
            world_size=how.ranks)
    train(Settings(how.config, how.set), how.rank, how.ranks, how.compile)
    if how.ranks > 1:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
