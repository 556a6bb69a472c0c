"""Loads an exported network into PyTorch modules of the official names and runs it.

usage: load_subnet.py MODEL.safetensors PLAN.json INPUT.f32 OUTPUT.f32

PLAN.json: {"nodes": [...], "output": id, "shape": [N, C, H, W]} with the layers in order of execution. INPUT holds the float32
values of the shape, OUTPUT those expected, both NCHW. Prints one JSON line: missing, unexpected, parameters, deviation.
The file is read by its own description, so torch alone is enough.
"""

import json
import struct
import sys

import torch
from torch import nn
from torch.nn import functional as F


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    types = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data[begin:end], dtype=types[entry["dtype"]])
        tensors[name] = flat.clone().reshape(entry["shape"])
    return tensors


def attach(root, name, module):
    """Puts a module where the dotted official name says."""
    *parents, last = name.split(".")
    for part in parents:
        if part not in root._modules:
            root.add_module(part, nn.Module())
        root = root._modules[part]
    root.add_module(last, module)
    return module


def build(nodes):
    root = nn.Module()
    layers = {}
    for node in nodes:
        if node["kind"] == "conv":
            name = node["weight"][: -len(".weight")]
            kernel = node["kernel"]
            module = nn.Conv2d(
                node["inChannels"],
                node["channels"],
                kernel,
                stride=node["stride"],
                padding=kernel // 2,
                bias=node["bias"] is not None,
            )
            layers[node["output"]] = attach(root, name, module)
        elif node["kind"] == "batch-norm":
            layers[node["output"]] = attach(root, node["name"], nn.BatchNorm2d(node["channels"], eps=1e-5))
    return root.eval(), layers


def run(nodes, layers, image, output):
    values = {0: image}
    for node in nodes:
        kind = node["kind"]
        if kind == "conv":
            y = layers[node["output"]](values[node["input"]])
        elif kind == "batch-norm":
            y = layers[node["output"]](values[node["input"]])
            y = F.relu(y) if node["relu"] else y
        elif kind == "upsample" and node["mode"] == "nearest":
            y = F.interpolate(values[node["input"]], scale_factor=node["factor"], mode="nearest")
        elif kind == "upsample":
            size = (node["height"], node["width"])
            y = F.interpolate(values[node["input"]], size=size, mode="bilinear", align_corners=False)
        elif kind == "sum-relu":
            y = F.relu(sum(values[source] for source in node["inputs"]))
        else:
            y = torch.cat([values[source] for source in node["inputs"]], dim=1)
        values[node["output"]] = y
    return values[output]


def main(model_file, plan_file, input_file, output_file):
    with open(plan_file, encoding="utf8") as file:
        plan = json.load(file)
    network, layers = build(plan["nodes"])
    loaded = network.load_state_dict(read_safetensors(model_file), strict=False)
    shape = plan["shape"]
    with open(input_file, "rb") as file:
        image = torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(shape)
    with open(output_file, "rb") as file:
        want = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
    with torch.no_grad():
        got = run(plan["nodes"], layers, image, plan["output"]).reshape(-1)
    print(
        json.dumps(
            {
                "missing": list(loaded.missing_keys),
                "unexpected": list(loaded.unexpected_keys),
                "parameters": sum(p.numel() for p in network.parameters()),
                "deviation": ((got - want).abs().max() / want.abs().max()).item(),
            }
        )
    )


main(*sys.argv[1:])
