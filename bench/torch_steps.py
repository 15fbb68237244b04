"""Training steps of PyTorch under a clock, as the programs that time them share.

Import this before torch: it sets the number of threads. A model has compile_parts() and returns its
loss. Memory: the greatest resident set less the one after imports and reading, from there on (eager),
or while the measured steps run (compiled, so that the compiler's own peak does not count).
"""

import argparse
import json
import os
import statistics
import time


def parse_arguments(description, sizes, add=lambda parser: None):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--size", choices=sizes, default=next(iter(sizes)))
    parser.add_argument("--precision", choices=["float32", "bf16"], default="float32")
    parser.add_argument("--mode", choices=["eager", "compiled"], default="eager")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    add(parser)
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", str(arguments.threads))
    return arguments


def resident_megabytes(key):
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


def forget_peak():
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        pass  # then the peak counts from the start of the process


def make_step(torch, model, arguments):
    optimizer = torch.optim.Adam(
        model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-9, fused=True
    )
    if arguments.mode == "compiled":
        # Layers one by one: those of one kind share their code, so that compiling takes about half
        # as long as for the whole model, and steps are no slower.
        model.compile_parts()
    parameters = list(model.parameters())

    def step(inputs):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(
            "cpu", dtype=torch.bfloat16, enabled=arguments.precision == "bf16"
        ):
            loss = model(*inputs)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        return loss.detach()

    return step


def time_steps(torch, arguments, make_model, prepared):
    """prepared: (the model's arguments, number of real tokens) by step. Prints the line of JSON."""
    baseline = resident_megabytes("VmRSS")
    forget_peak()
    model = make_model().train()
    step = make_step(torch, model, arguments)
    # Compiled, the model sees every batch once before the clock starts: dynamic shapes still compile
    # anew when a size crosses a threshold of the generated code.
    unmeasured = prepared if arguments.mode == "compiled" else prepared[: arguments.warmup]
    losses = [step(inputs) for inputs, _ in unmeasured]
    if arguments.mode == "compiled":
        forget_peak()
    seconds = []
    for inputs, _ in prepared[arguments.warmup :]:
        begin = time.perf_counter()
        losses.append(step(inputs))
        seconds.append(time.perf_counter() - begin)
    print(
        json.dumps(
            dict(
                program="PyTorch",
                version=torch.__version__,
                kind="training_step",
                mode=arguments.mode,
                size=arguments.size,
                precision=arguments.precision,
                threads=arguments.threads,
                parameters=sum(p.numel() for p in model.parameters()),
                first_loss=float(losses[0]),
                last_loss=float(losses[-1]),
                seconds=statistics.median(seconds),
                seconds_of_steps=seconds,
                tokens=sum(tokens for _, tokens in prepared[arguments.warmup :]),
                peak_megabytes=resident_megabytes("VmHWM") - baseline,
            )
        )
    )
