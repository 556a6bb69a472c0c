"""Which GPU kernels TensorFlow's CUDA build registers for the operations that the studio sends.

    python3 -m venv /tmp/tf && /tmp/tf/bin/pip download --no-deps -d /tmp/tf-wheel tensorflow==2.18.1
    /tmp/tf/bin/pip install /tmp/tf-wheel/*.whl
    /tmp/tf/bin/python tests/tools/list-gpu-kernels.py /tmp/tf-wheel/*.whl

The registry of the library lists kernels of every device that it was built for, so no card is needed. Reads the operations from
tests/golden/data/operation-stream.json and writes tests/golden/data/gpu-kernels.json, which the contract test reads.
"""

import hashlib
import json
import os
import pathlib
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf  # noqa: E402
from tensorflow.python.framework import kernels, op_def_registry  # noqa: E402

DATA = pathlib.Path(__file__).parent.parent / "golden" / "data"


def main(wheel: pathlib.Path) -> None:
    if not tf.test.is_built_with_cuda():
        raise SystemExit(f"tensorflow {tf.__version__} was built without CUDA")
    streams = json.loads((DATA / "operation-stream.json").read_text())
    names = sorted({line[: line.index("(")] for lines in streams.values() for line in lines})
    build = tf.sysconfig.get_build_info()
    result = {
        "source": {
            "wheel": wheel.name,
            "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
            "tensorflow": tf.__version__,
            "cuda": build["cuda_version"],
            "cudnn": build["cudnn_version"],
            "script": "tests/tools/list-gpu-kernels.py",
        },
        "operations": {name: describe(name) for name in names},
    }
    (DATA / "gpu-kernels.json").write_text(to_text(result))


def to_text(result: dict) -> str:
    """A line for each operation."""
    operations = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in result["operations"].items())
    source = json.dumps(result["source"], indent=2)
    return f'{{"source": {source},\n"operations": {{\n{operations}\n}}}}\n'


def describe(name: str) -> dict:
    definition = op_def_registry.get(name)
    return {
        # An attribute's name where the type depends on one, else the number of the type.
        "inputs": {arg.name: arg.type_attr or arg.type for arg in definition.input_arg},
        "gpuKernels": sorted(
            (
                {
                    "device": kernel.device_type,
                    "types": {c.name: sorted(c.allowed_values.list.type) for c in kernel.constraint},
                    "hostMemory": sorted(kernel.host_memory_arg),
                }
                for kernel in kernels.get_registered_kernels_for_op(name).kernel
                # DEFAULT serves every device without a kernel of its own: operations that only pass handles on. A label is a kernel that
                # only a graph's rewriter asks for.
                if kernel.device_type in ("GPU", "DEFAULT") and kernel.label == ""
            ),
            key=json.dumps,
        ),
    }


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
