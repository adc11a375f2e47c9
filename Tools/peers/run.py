"""Times one network in one engine, in a process of its own, and prints one JSON line.

`Tools/benchmarks` starts it; engines are pytorch (also with channels_last and compile in the
way), onnxruntime and openvino, all float32.
"""
import argparse
import json
import os
import pathlib
import statistics
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--way", required=True, help="pytorch[+channels_last][+compile], onnxruntime or openvino")
    parser.add_argument("--model", required=True)
    parser.add_argument("--size", type=int, nargs=2, required=True, metavar=("H", "W"))
    parser.add_argument("--mode", choices=("predict", "train"), default="predict")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--exports", type=pathlib.Path, help="folder of ONNX exports, made when missing")
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    if options.way.startswith("pytorch"):
        call = training_step(options) if options.mode == "train" else pytorch_forward(options)
    else:
        path = exported(options)
        call = onnxruntime_forward(path, options) if options.way == "onnxruntime" else openvino_forward(path, options)
    for _ in range(3 if options.mode == "train" else 5):
        call()
    times = sorted(milliseconds(call) for _ in range(options.runs))
    print(json.dumps({
        "median_ms": statistics.median(times), "min_ms": times[0], "peak_rss_mb": peak_memory()}))


def peak_memory():
    """MiB. The kernel's own line for this program: ru_maxrss would count the process that started it as well."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def milliseconds(call):
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def prepared(options, batch):
    """Network and images in the memory format of the way."""
    import torch
    from networks import make
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    network, images = make(options.model), torch.randn(batch, 3, *options.size)
    if "channels_last" in options.way:
        network = network.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    return network, images


def pytorch_forward(options):
    import torch
    network, image = prepared(options, 1)
    network.eval()
    forward = torch.compile(network) if "compile" in options.way else network

    def call():
        with torch.inference_mode():
            forward(image)
    return call


def training_step(options):
    """Forward, cross-entropy, backward and AdamW on four images."""
    import torch
    network, images = prepared(options, 4)
    network.train()
    forward = torch.compile(network) if "compile" in options.way else network
    labels = torch.arange(4)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, weight_decay=0.05)

    def call():
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(forward(images), labels).backward()
        optimizer.step()
    return call


def exported(options):
    """Path of the ONNX export, made in a child so that its memory does not count here."""
    path = options.exports / f"{options.model}_{options.size[0]}x{options.size[1]}.onnx"
    if not path.exists() and os.fork() == 0:
        import torch
        options.way = "pytorch"
        network, image = prepared(options, 1)
        torch.onnx.export(network.eval(), (image,), str(path), opset_version=18, dynamo=True,
                          external_data=False, input_names=["input"], verbose=False)
        os._exit(0)
    if not path.exists():
        os.wait()
    return path


def image_of(options):
    import numpy
    return numpy.random.default_rng(1).standard_normal((1, 3, *options.size), dtype=numpy.float32)


def onnxruntime_forward(path, options):
    import onnxruntime
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.inter_op_num_threads = options.threads, 1
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    feed = {"input": image_of(options)}
    return lambda: session.run(None, feed)


def openvino_forward(path, options):
    import openvino
    settings = {"INFERENCE_NUM_THREADS": options.threads, "INFERENCE_PRECISION_HINT": "f32",
                "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(str(path), "CPU", settings).create_infer_request()
    image = image_of(options)
    return lambda: request.infer([image])


if __name__ == "__main__":
    main()
