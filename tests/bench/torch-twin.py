#!/usr/bin/env python3
"""The studio's networks in PyTorch, written from method.md part 2, as a server on stdin and stdout.

Reads one JSON request a line and answers one JSON line. `open` builds a network from a genotype, weights and batch from a safetensors
file; `trace` gives its first output and losses; `repeat` times training steps or inference. compare-with-torch.mjs drives it.
"""
import json
import math
import struct
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

NORM_EPSILON = 1e-5
IGNORE_LABEL = 255


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    start = 8 + length
    return {
        name: torch.frombuffer(bytearray(data[start + e["data_offsets"][0] : start + e["data_offsets"][1]]), dtype=torch.float32).reshape(e["shape"])
        for name, e in header.items()
    }


class Net:
    """What the layers share: task, and the momentum of their norms."""

    def __init__(self, task):
        self.task = task

    def norm(self, channels, is_up_fusion=False):
        momentum = 0.1 if self.task == "pose" or is_up_fusion else 0.01
        return nn.BatchNorm2d(channels, eps=NORM_EPSILON, momentum=momentum)


def conv(inputs, outputs, kernel, stride=1, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias)


class BasicBlock(nn.Module):
    def __init__(self, net, channels):
        super().__init__()
        self.conv1, self.bn1 = conv(channels, channels, 3), net.norm(channels)
        self.conv2, self.bn2 = conv(channels, channels, 3), net.norm(channels)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += x
        return F.relu(y, inplace=True)


class Bottleneck(nn.Module):
    def __init__(self, net, inputs, planes):
        super().__init__()
        outputs = planes * 4
        self.conv1, self.bn1 = conv(inputs, planes, 1), net.norm(planes)
        self.conv2, self.bn2 = conv(planes, planes, 3), net.norm(planes)
        self.conv3, self.bn3 = conv(planes, outputs, 1), net.norm(outputs)
        self.downsample = None
        if inputs != outputs:
            self.downsample = nn.Sequential(conv(inputs, outputs, 1), net.norm(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        y += x if self.downsample is None else self.downsample(x)
        return F.relu(y, inplace=True)


def fusion(net, channels, target, source):
    if source > target:
        return nn.Sequential(
            conv(channels[source], channels[target], 1),
            net.norm(channels[target], True),
            nn.Upsample(scale_factor=2 ** (source - target), mode="nearest"),
        )
    layers = []
    for step in range(target - source):
        is_last = step == target - source - 1
        outputs = channels[target] if is_last else channels[source]
        parts = [conv(channels[source], outputs, 3, 2), net.norm(outputs)]
        layers.append(nn.Sequential(*parts, *([] if is_last else [nn.ReLU(inplace=True)])))
    return nn.Sequential(*layers)


class HrModule(nn.Module):
    def __init__(self, net, channels, genotype):
        super().__init__()
        self.depths, self.fusions = genotype["depths"], genotype["fusion"]
        self.branches = nn.ModuleList(
            nn.ModuleList(BasicBlock(net, c) for _ in range(depth)) for c, depth in zip(channels, self.depths)
        )
        for step, table in enumerate(self.fusions):
            rows = nn.ModuleList()
            for target, row in enumerate(table):
                rows.append(
                    nn.ModuleDict({str(source): fusion(net, channels, target, source) for source, on in enumerate(row) if on and source != target})
                )
            setattr(self, f"fuse_layers_{step + 1}", rows)

    def forward(self, xs):
        xs = list(xs)
        for step in range(max(self.depths)):
            for branch, depth in enumerate(self.depths):
                if step < depth:
                    xs[branch] = self.branches[branch][step](xs[branch])
            rows = getattr(self, f"fuse_layers_{step + 1}")
            xs = [self.fuse(rows[target], xs, target) for target in range(len(xs))]
        return xs

    @staticmethod
    def fuse(row, xs, target):
        if len(row) == 0:
            return xs[target]
        order = [str(source) for source in range(len(xs)) if str(source) in row or source == target]
        if "0" not in row or target == 0:
            order = [str(target)] + [source for source in order if source != str(target)]
        total = None
        for source in order:
            y = xs[target] if int(source) == target else row[source](xs[int(source)])
            total = y if total is None else total + y
        return F.relu(total, inplace=True)


class ScaleNet(nn.Module):
    def __init__(self, spec):
        super().__init__()
        net, shape = Net(spec["task"]), spec["network"]
        stem, width, planes = shape["stemChannels"], shape["baseWidth"], shape["layer1Planes"]
        self.task, self.layout = spec["task"], spec["layout"]
        self.conv1, self.bn1 = conv(3, stem, 3, 2), net.norm(stem)
        self.conv2, self.bn2 = conv(stem, stem, 3, 2), net.norm(stem)
        inputs = [stem] + [planes * 4] * (shape["layer1Blocks"] - 1)
        self.layer1 = nn.Sequential(*(Bottleneck(net, i, planes) for i in inputs))
        channels = [width * 2**b for b in range(max(branches for branches, _ in self.layout))]
        before, position = [planes * 4], 0
        for stage, (branches, modules) in enumerate(self.layout, 2):
            transition = nn.ModuleDict()
            for b in range(branches):
                if b >= len(before) or stage == 2:
                    source = before[min(b, len(before) - 1)]
                    layer = nn.Sequential(conv(source, channels[b], 3, 1 if b < len(before) else 2), net.norm(channels[b]), nn.ReLU(inplace=True))
                    transition[str(b)] = layer if b < len(before) else nn.Sequential(layer)
            setattr(self, f"transition{stage - 1}", transition)
            genotypes = spec["modules"][position : position + modules]
            setattr(self, f"stage{stage}", nn.ModuleList(HrModule(net, channels[:branches], g) for g in genotypes))
            position += modules
            before = channels[:branches]
        if self.task == "pose":
            self.final_layer = conv(width, spec["outputs"], 1, bias=True)
        else:
            total = sum(before)
            self.last_layer = nn.Sequential(
                conv(total, total, 1, bias=True), net.norm(total), nn.ReLU(inplace=True), conv(total, spec["outputs"], 1, bias=True)
            )

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = F.relu(self.bn2(self.conv2(x)), inplace=True)
        xs = [self.layer1(x)]
        for stage, (branches, _) in enumerate(self.layout, 2):
            transition = getattr(self, f"transition{stage - 1}")
            xs = [transition[str(b)](xs[min(b, len(xs) - 1)]) if str(b) in transition else xs[b] for b in range(branches)]
            for module in getattr(self, f"stage{stage}"):
                xs = module(xs)
        if self.task == "pose":
            return self.final_layer(xs[0])
        size = xs[0].shape[2:]
        ups = [xs[0]] + [F.interpolate(y, size=size, mode="bilinear", align_corners=False) for y in xs[1:]]
        return self.last_layer(torch.cat(ups, 1))


def joints_mse(output, target, weights):
    difference = (output - target) * weights[:, :, None, None]
    return 0.5 * (difference * difference).mean()


def mined_cross_entropy(output, labels, share, threshold):
    logits = F.interpolate(output, size=labels.shape[1:], mode="bilinear", align_corners=False)
    losses = F.cross_entropy(logits, labels, ignore_index=IGNORE_LABEL, reduction="none").reshape(-1)
    valid = labels.reshape(-1) != IGNORE_LABEL
    losses = losses[valid]
    if share == 0:
        return losses.mean()
    with torch.no_grad():
        p = torch.exp(-losses)
        keep = max(1, math.floor(labels.numel() / share))
        limit = max(torch.sort(p).values[min(keep, p.numel() - 1)].item(), threshold)
        hard = p < limit
    return losses[hard].mean()


class Subject:
    def __init__(self, spec):
        tensors = read_safetensors(spec["file"])
        self.format = torch.channels_last if spec["layout_name"] == "channels_last" else torch.contiguous_format
        self.net = ScaleNet(spec)
        state = {name: value for name, value in tensors.items() if not name.startswith("bench.")}
        missing, unknown = self.net.load_state_dict(state, strict=False)
        missing = [name for name in missing if not name.endswith("num_batches_tracked")]
        if missing or unknown:
            raise ValueError(f"weights do not fit: missing {missing[:5]}, unknown {unknown[:5]}")
        self.net.to(memory_format=self.format)
        height, width, size = spec["height"], spec["width"], spec["batch"]
        images = tensors["bench.input"].reshape(size, height, width, 3).permute(0, 3, 1, 2)
        self.input = images.contiguous(memory_format=self.format)
        if spec["task"] == "pose":
            target = tensors["bench.target"].permute(0, 3, 1, 2).contiguous(memory_format=self.format)
            weights = tensors["bench.weights"]
            self.loss = lambda output: joints_mse(output, target, weights)
        else:
            labels = tensors["bench.labels"].reshape(size, height, width).long()
            share, threshold = spec["miningShare"], spec["miningThreshold"]
            self.loss = lambda output: mined_cross_entropy(output, labels, share, threshold)
        settings, parameters = spec["optimizer"], self.net.parameters()
        if settings["kind"] == "adam":
            self.optimizer = torch.optim.Adam(parameters, lr=settings["learningRate"], foreach=True)
        else:
            self.optimizer = torch.optim.SGD(
                parameters, lr=settings["learningRate"], momentum=settings["momentum"], weight_decay=settings["weightDecay"], foreach=True
            )

    def step(self):
        self.net.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.net(self.input))
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def infer(self):
        self.net.eval()
        with torch.inference_mode():
            return self.net(self.input)

    def repeat(self, work, budget, least, clock):
        times, started = [], time.perf_counter()
        while len(times) < least or time.perf_counter() - started < budget:
            begin = clock()
            self.step() if work == "step" else self.infer()
            times.append((clock() - begin) * 1000)
        return times


def answer(subjects, request):
    kind = request["kind"]
    if kind == "open":
        torch.set_num_threads(request["threads"])
        subjects["open"] = Subject(request)
        return {"version": torch.__version__}
    subject = subjects["open"]
    if kind == "trace":
        output = subject.infer().permute(0, 2, 3, 1).contiguous().reshape(-1).tolist()
        return {"output": output, "losses": [subject.step() for _ in range(request["steps"])]}
    if kind == "repeat":
        clock = time.process_time if request.get("clock") == "cpu" else time.perf_counter
        return {"milliseconds": subject.repeat(request["work"], request["budgetMs"] / 1000, request["least"], clock)}
    raise ValueError(f"unknown request {kind}")


def main():
    subjects = {}
    for line in sys.stdin:
        try:
            reply = answer(subjects, json.loads(line))
        except Exception as problem:  # every failure belongs to the driver, which prints it
            reply = {"error": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(reply), flush=True)


main()
