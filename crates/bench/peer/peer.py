"""The PyTorch side of `langevin bench --peer`: does one row's work whenever it is told to, and says how long it took.

    python3 peer.py --threads 2 [--compile] ROW

It speaks the protocol of Langevin's own worker, one line at a time. Once the work is set up it says `ready` and an
object of facts. To `run K` it answers with the milliseconds of one of K runs, to `end` with the most memory the process
ever held, in MiB, or `unknown`. What stops it is said as `missing MODULE` or `fail SENTENCE`.

Everything is as PyTorch documents it and at its defaults, except where a documented option is faster on a CPU: AdamW is
the fused one, the moving average is one call for all parameters, and what needs no gradient runs in inference mode.

A new operation is one function under `operation`; a new shape of a known operation needs nothing here.
"""

import argparse
import json
import math
import platform
import signal
import sys
import time


def say(*words):
    print(*words, flush=True)


try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError:
    say("missing torch")
    sys.exit(1)


# Operations: each function makes what it works on and returns the operation and the tensors it is differentiated by.

OPERATIONS = {}


def operation(name):
    def register(build):
        OPERATIONS[name] = build
        return build

    return register


def leaf(*shape):
    return torch.randn(*shape, requires_grad=True)


def convolution(n, channels, size, kernel, stride):
    x, w, b = leaf(n, channels, size, size), leaf(channels, channels, kernel, kernel), leaf(channels)
    return lambda: F.conv2d(x, w, b, stride=stride, padding=kernel // 2), (x, w, b)


@operation("conv3x3")
def conv3x3(n, channels, size):
    return convolution(n, channels, size, 3, 1)


@operation("conv3x3s2")
def conv3x3s2(n, channels, size):
    return convolution(n, channels, size, 3, 2)


@operation("conv1x1")
def conv1x1(n, channels, size):
    return convolution(n, channels, size, 1, 1)


@operation("linear")
def linear(rows, inputs, outputs):
    x, w, b = leaf(rows, inputs), leaf(outputs, inputs), leaf(outputs)
    return lambda: F.linear(x, w, b), (x, w, b)


@operation("matmul")
def matmul(size):
    a, b = leaf(size, size), leaf(size, size)
    return lambda: a @ b, (a, b)


@operation("attention")
def attention(n, heads, length, width):
    q, k, v = (leaf(n, heads, length, width) for _ in range(3))
    return lambda: F.scaled_dot_product_attention(q, k, v), (q, k, v)


@operation("groupnorm-silu")
def groupnorm_silu(n, channels, size):
    x, w, b = leaf(n, channels, size, size), leaf(channels), leaf(channels)
    return lambda: F.silu(F.group_norm(x, 32, w, b)), (x, w, b)


def operation_work(name):
    """`conv3x3-16x128x32-fwd` is the operation `conv3x3` on 16, 128, 32, without gradients."""
    family_and_shape, direction = name.rsplit("-", 1)
    family, shape = family_and_shape.rsplit("-", 1)
    if family not in OPERATIONS:
        raise ValueError(f"the peer script knows no operation {family}")
    forward, leaves = OPERATIONS[family](*map(int, shape.split("x")))

    def fwd():
        with torch.inference_mode():
            forward()

    def bwd():
        y = forward()
        y.backward(torch.ones_like(y))
        for tensor in leaves:
            tensor.grad = None

    return {"fwd": fwd, "bwd": bwd}[direction], None


# Networks.


class Block(nn.Module):
    """Two 3x3 convolutions with group normalisation, scaled and shifted by the embedding, and a residual path."""

    def __init__(self, inputs, outputs, embedding):
        super().__init__()
        self.norm1 = nn.GroupNorm(8, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.adapt = nn.Linear(embedding, 2 * outputs)
        self.norm2 = nn.GroupNorm(8, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.residual = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x, embedding):
        scale, shift = self.adapt(embedding)[:, :, None, None].chunk(2, dim=1)
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))
        return self.residual(x) + h


class Compact(nn.Module):
    """A small U-Net for 28x28 digits in PyTorch: 2x2 squares become channels, two levels, attention at the lower one."""

    def __init__(self, upper=64, lower=96, embedding=128, frequencies=32, rows=11):
        super().__init__()
        self.register_buffer("rates", torch.exp(-math.log(10000) * torch.arange(frequencies) / frequencies))
        self.time = nn.Sequential(
            nn.Linear(2 * frequencies, embedding), nn.SiLU(), nn.Linear(embedding, embedding)
        )
        self.classes = nn.Embedding(rows, embedding)
        self.entry = nn.Conv2d(4, upper, 3, padding=1)
        self.down_block = Block(upper, upper, embedding)
        self.down = nn.Conv2d(upper, lower, 2, stride=2)
        self.before = Block(lower, lower, embedding)
        self.attention_norm = nn.GroupNorm(8, lower)
        self.attention = nn.MultiheadAttention(lower, 4, batch_first=True)
        self.after = Block(lower, lower, embedding)
        self.up = nn.ConvTranspose2d(lower, upper, 2, stride=2)
        self.up_block = Block(2 * upper, upper, embedding)
        self.exit_norm = nn.GroupNorm(8, upper)
        self.exit = nn.Conv2d(upper, 4, 3, padding=1)
        nn.init.zeros_(self.exit.weight)

    def forward(self, x, time, labels):
        angles = 1000 * time[:, None] * self.rates
        embedding = self.time(torch.cat([angles.cos(), angles.sin()], dim=1))
        embedding = F.silu(embedding + self.classes(labels))
        skip = self.down_block(self.entry(F.pixel_unshuffle(x, 2)), embedding)
        h = self.before(self.down(skip), embedding)
        tokens = self.attention_norm(h).flatten(2).transpose(1, 2)
        mixed, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        h = self.after(h + mixed.transpose(1, 2).reshape(h.shape), embedding)
        h = self.up_block(torch.cat([self.up(h), skip], dim=1), embedding)
        return F.pixel_shuffle(self.exit(F.silu(self.exit_norm(h))), 2)


def diffusers():
    try:
        import diffusers
    except ImportError:
        say("missing diffusers")
        sys.exit(1)
    return diffusers


def unet2d():
    """The network that learns the digits, padded to 32x32."""
    return diffusers().UNet2DModel(
        sample_size=32,
        in_channels=1,
        out_channels=1,
        layers_per_block=1,
        block_out_channels=(32, 64, 64),
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
        attention_head_dim=32,
        num_class_embeds=11,
    )


def ddpm_cifar():
    """The network of Ho et al. 2020 for CIFAR-10, with the fields of google/ddpm-cifar10-32."""
    return diffusers().UNet2DModel(
        sample_size=32,
        in_channels=3,
        out_channels=3,
        layers_per_block=2,
        block_out_channels=(128, 256, 256, 256),
        down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
        downsample_padding=0,
        flip_sin_to_cos=False,
        freq_shift=1,
        norm_eps=1e-6,
        attention_head_dim=None,
    )


def parameters(network):
    return sum(p.numel() for p in network.parameters())


# Training: one whole step on pictures of random pixels.


class Pictures:
    """1024 pictures of random pixels in [-1, 1], with labels 0 to 9 of which a tenth is replaced by 10."""

    def __init__(self, channels, size):
        self.images = torch.rand(1024, channels, size, size) * 2 - 1
        self.labels = torch.arange(1024) % 10

    def batch(self, count):
        chosen = torch.randint(0, len(self.images), (count,))
        labels = torch.where(torch.rand(count) < 0.1, 10, self.labels[chosen])
        return self.images[chosen], labels


def noise_loss(labelled):
    """The mean squared error of the predicted noise, at random ones of 1000 timesteps."""
    scheduler = diffusers().DDPMScheduler(1000)

    def loss(network, x, labels):
        t = torch.randint(0, 1000, (len(x),))
        noise = torch.randn_like(x)
        noisy = scheduler.add_noise(x, noise, t)
        found = network(noisy, t, class_labels=labels if labelled else None).sample
        return F.mse_loss(found, noise)

    return loss


def flow_loss(network, x, labels):
    """The mean squared error of the predicted velocity, at times whose log-odds are normal."""
    t = torch.sigmoid(1.2 * torch.randn(len(x)))
    noise = torch.randn_like(x)
    at = t[:, None, None, None]
    return F.mse_loss(network((1 - at) * x + at * noise, t, labels), noise - x)


def training_work(network, pictures, batch, loss, lr, betas, compiled):
    weights = list(network.parameters())
    average = [w.detach().clone() for w in weights]
    optimiser = torch.optim.AdamW(weights, lr=lr, betas=betas, weight_decay=0.0, fused=True)
    forward = torch.compile(network) if compiled else network
    steps = 0

    def step():
        nonlocal steps
        optimiser.zero_grad()
        error = loss(forward, *pictures.batch(batch))
        error.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        decay = min(0.999, (1 + steps) / (10 + steps))
        with torch.no_grad():
            torch._foreach_lerp_(average, weights, 1 - decay)
        steps += 1
        return error.item()

    return step, parameters(network)


# Sampling: 50 steps from noise to pictures.


def ddim_work(network, batch, compiled):
    scheduler = diffusers().DDIMScheduler(1000, clip_sample=False)
    scheduler.set_timesteps(50)
    labels = torch.arange(batch) % 10
    forward = torch.compile(network) if compiled else network

    def draw():
        with torch.inference_mode():
            x = torch.randn(batch, 1, 32, 32)
            for t in scheduler.timesteps:
                x = scheduler.step(forward(x, t, class_labels=labels).sample, t, x).prev_sample
        return x

    return draw, parameters(network)


def flow_work(network, batch, guidance, compiled):
    labels, nobody = torch.arange(batch) % 10, torch.full((batch,), 10)
    forward = torch.compile(network) if compiled else network

    def draw():
        with torch.inference_mode():
            x = torch.randn(batch, 1, 28, 28)
            for step in range(50):
                t = torch.full((batch,), 1 - step / 50)
                free = forward(x, t, nobody)
                x = x - (free + guidance * (forward(x, t, labels) - free)) / 50
        return x

    return draw, parameters(network)


# Stable Diffusion 1.5 at 512x512.


def sd15_step_work(compiled):
    """A step of DDIM with guidance, both branches in one forward pass."""
    network = diffusers().UNet2DConditionModel(cross_attention_dim=768).eval()
    scheduler = diffusers().DDIMScheduler(
        1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False
    )
    scheduler.set_timesteps(50)
    context, x, t = torch.randn(2, 77, 768), torch.randn(1, 4, 64, 64), scheduler.timesteps[25]
    forward = torch.compile(network) if compiled else network

    def step():
        with torch.inference_mode():
            free, told = forward(torch.cat([x, x]), t, context).sample.chunk(2)
            return scheduler.step(free + 7.5 * (told - free), t, x).prev_sample

    return step, parameters(network)


def vae_decode_work(compiled):
    network = diffusers().AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        sample_size=512,
    ).eval()
    latents = torch.randn(1, 4, 64, 64)
    forward = torch.compile(network.decode) if compiled else network.decode

    def decode():
        with torch.inference_mode():
            return forward(latents).sample

    return decode, parameters(network)


NETWORKS = {
    "train-step/unet2d-32-64-64": lambda c: training_work(
        unet2d(), Pictures(1, 32), 64, noise_loss(True), 1e-3, (0.9, 0.999), c
    ),
    "train-step/ddpm-cifar": lambda c: training_work(
        ddpm_cifar(), Pictures(3, 32), 8, noise_loss(False), 2e-4, (0.9, 0.999), c
    ),
    "train-step/compact": lambda c: training_work(
        Compact(), Pictures(1, 28), 64, flow_loss, 2e-3, (0.9, 0.99), c
    ),
    "ddim50/unet2d-32-64-64": lambda c: ddim_work(unet2d().eval(), 64, c),
    "ddim50/compact": lambda c: flow_work(Compact().eval(), 100, 2.0, c),
    "sd15-step/512": sd15_step_work,
    "vae-decode/512": vae_decode_work,
}


def work(row, compiled):
    if row in NETWORKS:
        return NETWORKS[row](compiled)
    if row.startswith("op/"):
        return operation_work(row.removeprefix("op/"))
    raise ValueError(f"the peer script knows no row {row}")


# The protocol.


def memory(key):
    """A line of /proc/self/status in MiB, where there is such a file."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None


def facts(count, resident):
    found = {"python": platform.python_version(), "torch": torch.__version__}
    if "diffusers" in sys.modules:
        found["diffusers"] = sys.modules["diffusers"].__version__
    return found | {"parameters": count, "resident_mib": resident}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--compile", action="store_true")
    options.add_argument("row")
    chosen = options.parse_args()
    # An interrupted bench ends quietly.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    resident = memory("VmRSS")
    run, count = work(chosen.row, chosen.compile)
    say("ready", json.dumps(facts(count, resident)))
    for line in sys.stdin:
        match line.split():
            case ["run", repeats]:
                begun = time.perf_counter()
                for _ in range(int(repeats)):
                    run()
                say(1000 * (time.perf_counter() - begun) / int(repeats))
            case ["end"]:
                say(memory("VmHWM") or "unknown")
                return


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        say("fail", " ".join(f"{type(error).__name__}: {error}".split())[:300])
        sys.exit(1)
