"""Writes the small files in tests/data/formats that heed's readers are tested on.

    python tools/make_format_fixtures.py tensors   # needs torch, numpy, safetensors
    python tools/make_format_fixtures.py events    # needs tensorboard

The tests know the values by formula: element i of a tensor is i - 1.5 for floating types, i - 1
for signed integers, i for uint8, and i % 3 == 0 for bool.
"""

import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "formats"


def make_tensors():
    import numpy
    import torch
    from safetensors.torch import save_file

    def filled(dtype, *shape):
        count = 1
        for size in shape:
            count *= size
        index = torch.arange(count)
        if dtype == torch.bool:
            values = index % 3 == 0
        elif dtype == torch.uint8:
            values = index
        elif dtype.is_floating_point:
            values = index - 1.5
        else:
            values = index - 1
        return values.to(dtype).reshape(shape)

    tensors = {
        "f64": filled(torch.float64, 2, 3),
        "f32": filled(torch.float32, 2, 3, 4),
        "f16": filled(torch.float16, 5),
        "bf16": filled(torch.bfloat16, 3, 3),
        "i64": filled(torch.int64, 4),
        "i32": filled(torch.int32, 1, 2, 1, 2),
        "i8": filled(torch.int8, 7),
        "u8": filled(torch.uint8, 5),
        "bool": filled(torch.bool, 9),
        "scalar": filled(torch.float32),
        "empty": filled(torch.float32, 0, 3),
        "name with \"quotes\" and ünïcode": filled(torch.float32, 1),
    }
    save_file(tensors, FOLDER / "python.safetensors", metadata={"format": "pt", "note": "a\nb"})

    for name in ("f64", "f32", "f16", "i64", "i32", "i8", "u8", "bool", "scalar", "empty"):
        numpy.save(FOLDER / f"{name}.npy", tensors[name].numpy())
    with open(FOLDER / "version_2.npy", "wb") as file:
        numpy.lib.format.write_array(file, tensors["f32"].numpy(), version=(2, 0))
    numpy.save(FOLDER / "fortran.npy", numpy.asfortranarray(tensors["f64"].numpy()))
    numpy.save(FOLDER / "big_endian.npy", tensors["f32"].numpy().astype(">f4"))


def make_events():
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.summary.writer.record_writer import RecordWriter

    with open(FOLDER / "events.out.tfevents.python", "wb") as file:
        writer = RecordWriter(file)
        writer.write(
            event_pb2.Event(wall_time=1.5, file_version="brain.Event:2").SerializeToString()
        )
        for step, value in ((1, 4.25), (300, -0.5), (2**40, float("inf"))):
            summary = summary_pb2.Summary(
                value=[
                    summary_pb2.Summary.Value(tag="train/loss", simple_value=value),
                    summary_pb2.Summary.Value(tag="größe", simple_value=2 * value),
                ]
            )
            event = event_pb2.Event(wall_time=100.0 + step, step=step, summary=summary)
            writer.write(event.SerializeToString())
        writer.flush()


if __name__ == "__main__":
    makers = {"tensors": make_tensors, "events": make_events}
    if len(sys.argv) != 2 or sys.argv[1] not in makers:
        sys.exit(__doc__)
    makers[sys.argv[1]]()
