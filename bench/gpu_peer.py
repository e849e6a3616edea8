"""PyTorch's side of bench/gpu-check.sh: does a work for each line it reads and answers with a line.

    open WORD ...   ->  ready NAME
    once            ->  MILLISECONDS NUMBER PEAK_KIB      for one repetition, device memory
    anything wrong  ->  failed MESSAGE

Works: copy d2d|h2d|d2h MIB; matmul SIDE f32|tf32|bf16; step BATCH IMAGE WIDTH f32|tf32|bf16 eager|compiled;
pretext BATCH GLOBAL LOCAL WIDTH SEGMENTS plain; sam BATCH SIDE f32|bf16; loss ntxent|supcon|swav|sinkhorn|vicreg|larc
SAMPLES. Time is wall-clock around a synchronised batch of repetitions.
`gpu_peer.py about` prints versions as JSON. `gpu_peer.py DEVICE TURN_MS` serves; the device is cuda or, for tests, cpu.
"""

import contextlib
import json
import math
import os
import random
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

DIM, PROTOTYPES, TEMPERATURE, CLASSES = 128, 3000, 0.1, 1000
LEARNING_RATE, WEIGHT_DECAY, TRUST, EPS = 0.1, 1e-4, 0.001, 1e-8
WARM_UP, MOST = 3, 2000


def about():
    """Versions, and the device's name when there is one."""
    facts = {"torch": torch.__version__, "cuda": torch.version.cuda, "python": sys.version.split()[0]}
    if torch.cuda.is_available():
        facts["cudnn"] = torch.backends.cudnn.version()
        facts["device"] = torch.cuda.get_device_name()
    return facts


# --- ResNet-50 v1.5: torchvision's architecture and initialisation ------------------------------------------------


class Bottleneck(nn.Module):
    def __init__(self, inputs, planes, stride):
        super().__init__()
        outputs = 4 * planes
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + identity)


class ResNet50(nn.Module):
    def __init__(self, width, inputs=3):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels, stages = width, []
        for i, blocks in enumerate((3, 4, 6, 3)):
            planes = width << i
            stage = []
            for block in range(blocks):
                stage.append(Bottleneck(channels, planes, 2 if block == 0 and i > 0 else 1))
                channels = 4 * planes
            stages.append(nn.Sequential(*stage))
        self.layers = nn.Sequential(*stages)
        self.fc = nn.Linear(channels, CLASSES)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.layers(x).mean((2, 3))

    def forward(self, x):
        return self.fc(self.features(x))


def training_step(device, batch, image, width, precision, mode):
    """Forward, cross-entropy, backward, SGD with momentum; channels-last; autocast for bf16."""
    torch.manual_seed(1)
    model = ResNet50(width).to(device, memory_format=torch.channels_last)
    cuda = device.type == "cuda"
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, **({"fused": True} if cuda else {}))
    images = torch.randn(batch, 3, image, image, device=device).to(memory_format=torch.channels_last)
    labels = torch.arange(batch, device=device) * 37 % CLASSES
    if mode not in ("eager", "compiled"):
        raise ValueError(f"given {mode}; expected eager or compiled")

    def loss_of(x, y):
        cast = torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else contextlib.nullcontext()
        with cast:
            return F.cross_entropy(model(x), y)

    if mode == "compiled":                      # Triton's fusion and CUDA graphs
        mode_of = os.environ.get("OSTEON_COMPILE_MODE", "reduce-overhead")
        loss_of = torch.compile(loss_of, dynamic=False, mode=mode_of)
    last = [torch.zeros((), device=device)]

    def step():
        optimizer.zero_grad(set_to_none=True)   # before the forward pass: CUDA graphs use the gradients' memory again
        if mode == "compiled":
            torch.compiler.cudagraph_mark_step_begin()
        loss = loss_of(images, labels)
        loss.backward()
        optimizer.step()
        last[0].copy_(loss.detach())

    return step, lambda: last[0].item()


# --- losses as their authors compose them --------------------------------------------------------------------------


def views(device, n):
    common = torch.randn(n, DIM, device=device) * math.sqrt(0.5)
    return [(common + torch.randn(n, DIM, device=device) * math.sqrt(0.5)).requires_grad_() for _ in range(2)]


def unit(rows):
    return F.normalize(rows, dim=1)


def differentiated(leaves, loss_of):
    last = [0.0]

    def step():
        for leaf in leaves:
            leaf.grad = None
        loss = loss_of()
        loss.backward()
        last[0] = loss.detach()

    return step, lambda: float(last[0])


def nt_xent(device, n):
    """Similarities of all rows, the diagonal masked, cross-entropy against the partner."""
    both = views(device, n)
    self_ = torch.eye(2 * n, dtype=torch.bool, device=device)
    partners = (torch.arange(2 * n, device=device) + n) % (2 * n)

    def loss():
        z = unit(torch.cat(both))
        return F.cross_entropy((z @ z.t() / TEMPERATURE).masked_fill(self_, -1e9), partners)

    return differentiated(both, loss)


def sup_con(device, n):
    """SupContrast's losses.py."""
    both = views(device, n)
    labels = (torch.arange(n, device=device) * 7 // 3 % 2).view(-1, 1)

    def loss():
        mask = torch.eq(labels, labels.t()).float()
        contrast = unit(torch.cat(both))
        similarity = contrast @ contrast.t() / TEMPERATURE
        logits = similarity - similarity.max(1, keepdim=True)[0].detach()
        mask = mask.repeat(2, 2)
        others = torch.scatter(torch.ones_like(mask), 1, torch.arange(2 * n, device=device).view(-1, 1), 0)
        mask = mask * others
        log_prob = logits - torch.log((torch.exp(logits) * others).sum(1, keepdim=True))
        return -((mask * log_prob).sum(1) / mask.sum(1)).mean()

    return differentiated(both, loss)


@torch.no_grad()
def codes(scores):
    """distributed_sinkhorn of main_swav.py on one process."""
    q = torch.exp(scores / 0.05).t()
    k, b = q.shape
    q /= q.sum()
    for _ in range(3):
        q /= q.sum(dim=1, keepdim=True)
        q /= k
        q /= q.sum(dim=0, keepdim=True)
        q /= b
    q *= b
    return q.t()


def swav(device, n):
    """main_swav.py with two crops."""
    both = views(device, n)
    prototypes = unit(torch.randn(PROTOTYPES, DIM, device=device)).requires_grad_()

    def swapped(output, code, prediction):
        q = codes(output[code * n:(code + 1) * n].detach())
        x = output[prediction * n:(prediction + 1) * n] / 0.1
        return -(q * F.log_softmax(x, dim=1)).sum(1).mean()

    def loss():
        output = unit(torch.cat(both)) @ prototypes.t()
        return (swapped(output, 0, 1) + swapped(output, 1, 0)) / 2

    return differentiated([*both, prototypes], loss)


def sinkhorn(device, n):
    scores = (torch.randn(n, PROTOTYPES, device=device) * 0.25).clamp(-0.9, 0.9)
    norm = codes(scores).norm().item()
    return lambda: codes(scores), lambda: norm


def vic_reg(device, n):
    """main_vicreg.py on one process."""
    both = views(device, n)

    def off_diagonal(x):
        c = x.t() @ x / (n - 1)
        return c.flatten()[:-1].view(DIM - 1, DIM + 1)[:, 1:].pow(2).sum() / DIM

    def loss():
        x, y = (view - view.mean(0) for view in both)
        hinges = sum(F.relu(1 - torch.sqrt(v.var(0) + 1e-4)).mean() / 2 for v in (x, y))
        return 25 * F.mse_loss(*both) + 25 * hinges + off_diagonal(x) + off_diagonal(y)

    return differentiated(both, loss)


def larc(device, n):
    """apex's LARC around torch's SGD, over the parameters of a ResNet-50; n is not used."""
    parameters = [p for name, p in ResNet50(64).to(device).named_parameters() if not name.startswith("fc")]
    gradients = [torch.randn_like(p) * 1e-3 for p in parameters]
    sgd = torch.optim.SGD(parameters, lr=LEARNING_RATE, momentum=0.9)

    @torch.no_grad()
    def step():
        for p, g in zip(parameters, gradients):
            p.grad = g.clone()
            weight_norm, gradient_norm = torch.norm(p), torch.norm(p.grad)
            if weight_norm != 0 and gradient_norm != 0:
                rate = TRUST * weight_norm / (gradient_norm + weight_norm * WEIGHT_DECAY + EPS)
                p.grad.add_(p, alpha=WEIGHT_DECAY).mul_(rate)
        sgd.step()

    return step, lambda: 0.0


LOSSES = {"ntxent": nt_xent, "supcon": sup_con, "swav": swav, "sinkhorn": sinkhorn, "vicreg": vic_reg, "larc": larc}


# --- pretext training ------------------------------------------------------------------------------------------------


def bone(number, side, device):
    """A long bone: an ellipse of noise, of which no two have the same size; [1, 1, h, w]."""
    height = side + number * 37 % side
    width = height // 3
    y, x = torch.meshgrid(torch.linspace(-1, 1, height, device=device), torch.linspace(-1, 1, width, device=device),
                          indexing="ij")
    grey = 0.2 + 0.7 * torch.rand(height, width, device=device)
    return torch.where(x * x + y * y > 1, torch.zeros_like(grey), grey)[None, None]


def crop_of(height, width, low, high):
    """torchvision's RandomResizedCrop.get_params with the random module."""
    for _ in range(10):
        target = height * width * random.uniform(low, high)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(target * ratio)), round(math.sqrt(target / ratio))
        if 0 < w <= width and 0 < h <= height:
            return random.randint(0, height - h), random.randint(0, width - w), h, w
    w, h = min(width, round(height * 4 / 3)), min(height, round(width * 4 / 3))
    return (height - h) // 2, (width - w) // 2, h, w


def view_of(image, size, low, high):
    """Rotation, flips, crop and resize with antialiasing: what torchvision's transforms do to tensors, call by call."""
    height, width = image.shape[2:]
    angle = math.radians(random.uniform(-20, 20))
    cos, sin = math.cos(angle), math.sin(angle)
    theta = torch.tensor([[[cos, sin * height / width, 0], [-sin * width / height, cos, 0]]]).to(image.device,
                                                                                              non_blocking=True)
    image = F.grid_sample(image, F.affine_grid(theta, image.shape, align_corners=False), align_corners=False)
    if random.random() < 0.5:
        image = image.flip(3)
    if random.random() < 0.5:
        image = image.flip(2)
    top, left, h, w = crop_of(height, width, low, high)
    return F.interpolate(image[:, :, top:top + h, left:left + w], (size, size), mode="bilinear", align_corners=False,
                         antialias=True)


class Larc:
    """apex's LARC (without clipping) around momentum SGD, over all tensors at once: PyTorch's foreach operations."""

    def __init__(self, parameters, rate, decay):
        self.parameters, self.rate, self.decay = parameters, rate, decay
        self.momenta = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self):
        gradients = [p.grad for p in self.parameters]
        weights = torch.stack(torch._foreach_norm(self.parameters))
        norms = torch.stack(torch._foreach_norm(gradients))
        rates = TRUST * weights / (norms + self.decay * weights + EPS)
        rates = torch.where((weights != 0) & (norms != 0), rates, torch.ones_like(rates))
        torch._foreach_add_(gradients, self.parameters, alpha=self.decay)
        torch._foreach_mul_(gradients, list(rates.unbind()))
        torch._foreach_mul_(self.momenta, 0.9)
        torch._foreach_add_(self.momenta, gradients)
        torch._foreach_add_(self.parameters, self.momenta, alpha=-self.rate)


def pretext(device, batch, large, small, width, segments):
    """SimCLR over two large and four small views of each segment, cut on the device; bf16 autocast, channels-last."""
    random.seed(1)
    torch.manual_seed(1)
    bones = [bone(n, large, device) for n in range(segments)]
    model = ResNet50(width, 1).to(device, memory_format=torch.channels_last)
    features = model.fc.in_features
    # SimCLR's head: Linear BN ReLU Linear BN
    model.fc = nn.Sequential(nn.Linear(features, features), nn.BatchNorm1d(features), nn.ReLU(inplace=True),
                             nn.Linear(features, DIM, bias=False), nn.BatchNorm1d(DIM)).to(device)
    parameters = list(model.parameters())
    larc = Larc(parameters, LEARNING_RATE, 1e-6)
    groups = [(2, large, 0.14, 1.0), (4, small, 0.05, 0.14)]
    self_ = torch.eye(2 * batch, dtype=torch.bool, device=device)
    partners = (torch.arange(2 * batch, device=device) + batch) % (2 * batch)
    last = [torch.zeros((), device=device)]

    def nt_xent_of(a, b):
        z = torch.cat((a, b))
        return F.cross_entropy((z @ z.t() / TEMPERATURE).masked_fill(self_, -1e9), partners)

    def step():
        chosen = random.sample(bones, batch)
        images = [torch.cat([view_of(one, size, low, high) for _ in range(count) for one in chosen])
                  .sub(0.5).div(0.2).to(memory_format=torch.channels_last) for count, size, low, high in groups]
        for p in parameters:
            p.grad = None
        with torch.autocast(device.type, torch.bfloat16):
            embeddings = model.fc(torch.cat([model.features(x) for x in images]))
        z = unit(embeddings.float()).view(-1, batch, DIM)
        loss = sum(nt_xent_of(z[v], z[i]) for i in range(2) for v in range(len(z)) if v != i)
        loss.backward()
        larc.step()
        last[0].copy_(loss.detach())

    return step, lambda: last[0].item()


# --- Segment Anything: MobileSAM's picture encoder (Zhang et al. 2023), TinyViT (Wu et al. 2022) with a neck ----------


def conv_norm(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
                         nn.BatchNorm2d(outputs))


class InvertedBottleneck(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.body = nn.Sequential(conv_norm(dim, 4 * dim, 1), nn.GELU(), conv_norm(4 * dim, 4 * dim, 3, 1, 4 * dim),
                                  nn.GELU(), conv_norm(4 * dim, dim, 1))

    def forward(self, x):
        return F.gelu(x + self.body(x))


def merging(inputs, outputs, stride):
    return nn.Sequential(conv_norm(inputs, outputs, 1), nn.GELU(), conv_norm(outputs, outputs, 3, stride, outputs),
                         nn.GELU(), conv_norm(outputs, outputs, 1))


class WindowBlock(nn.Module):
    """Attention within windows, a convolution of each channel, and a perceptron, on [b, c, h, w]."""

    def __init__(self, dim, heads, window):
        super().__init__()
        self.heads, self.window = heads, window
        self.norm = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.project = nn.Linear(dim, dim)
        self.bias = nn.Parameter(torch.randn(1, heads, window * window, window * window) * 0.02)
        self.local = conv_norm(dim, dim, 3, 1, dim)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def attention(self, x):
        b, h, w, c = x.shape
        s = self.window
        x = F.pad(x, (0, 0, 0, -w % s, 0, -h % s))
        rows, columns = x.shape[1] // s, x.shape[2] // s
        x = x.view(b, rows, s, columns, s, c).transpose(2, 3).reshape(-1, s * s, c)
        q, k, v = self.qkv(self.norm(x)).view(-1, s * s, self.heads, 3 * c // self.heads).transpose(1, 2).chunk(3, -1)
        x = F.scaled_dot_product_attention(q, k, v, self.bias.expand(len(q), -1, -1, -1))
        x = self.project(x.transpose(1, 2).reshape(-1, s * s, c))
        x = x.view(b, rows, columns, s, s, c).transpose(2, 3).reshape(b, rows * s, columns * s, c)
        return x[:, :h, :w]

    def forward(self, x):
        tokens = x.permute(0, 2, 3, 1)
        tokens = tokens + self.attention(tokens)
        tokens = self.local(tokens.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return (tokens + self.mlp(tokens)).permute(0, 3, 1, 2)


class ChannelNorm(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def sam_encoder():
    def blocks(count, dim, heads, window):
        return nn.Sequential(*(WindowBlock(dim, heads, window) for _ in range(count)))

    return nn.Sequential(
        conv_norm(3, 32, 3, 2), nn.GELU(), conv_norm(32, 64, 3, 2),
        InvertedBottleneck(64), InvertedBottleneck(64), merging(64, 128, 2),
        blocks(2, 128, 4, 7), merging(128, 160, 2),
        blocks(6, 160, 5, 14), merging(160, 320, 1),
        blocks(2, 320, 10, 7),
        nn.Conv2d(320, 256, 1, bias=False), ChannelNorm(256),
        nn.Conv2d(256, 256, 3, padding=1, bias=False), ChannelNorm(256))


def sam(device, batch, side, precision):
    torch.manual_seed(1)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    model = sam_encoder().to(device, dtype, memory_format=torch.channels_last).eval()
    pictures = torch.randn(batch, 3, side, side, device=device, dtype=dtype).to(memory_format=torch.channels_last)
    last = [torch.zeros((), device=device)]

    @torch.no_grad()
    def encode():
        last[0] = model(pictures)[0, 0, 0, 0]

    return encode, lambda: last[0].item()


# --- copies and products ---------------------------------------------------------------------------------------------


def copy(device, route, mib):
    size = mib << 20
    on_device = torch.zeros(size, dtype=torch.uint8, device=device)
    if route == "d2d":
        other = torch.zeros_like(on_device)
        return lambda: other.copy_(on_device), lambda: 0.0
    if route not in ("h2d", "d2h"):
        raise ValueError(f"given copy {route}; expected d2d, h2d or d2h")
    host = torch.zeros(size, dtype=torch.uint8, pin_memory=device.type == "cuda")
    if route == "h2d":
        return lambda: on_device.copy_(host, non_blocking=True), lambda: 0.0
    return lambda: host.copy_(on_device, non_blocking=True), lambda: 0.0


def matmul(device, side, precision):
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    return lambda: torch.matmul(a, b), lambda: 0.0


# --- the protocol ----------------------------------------------------------------------------------------------------


def make(device, words):
    kind = words[0]
    tf32 = "tf32" in words
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    if kind == "copy":
        return copy(device, words[1], int(words[2]))
    if kind == "matmul":
        return matmul(device, int(words[1]), words[2])
    if kind == "step":
        return training_step(device, int(words[1]), int(words[2]), int(words[3]), words[4], words[5])
    if kind == "pretext":
        return pretext(device, *map(int, words[1:6]))
    if kind == "sam":
        return sam(device, int(words[1]), int(words[2]), words[3])
    if kind == "loss":
        return LOSSES[words[1]](device, int(words[2]))
    raise ValueError(f"given {kind}; expected copy, matmul, step, pretext, sam or loss")


class Work:
    def __init__(self, device, words, turn_ms):
        self.device = device
        self.step, self.number = make(device, words)
        for _ in range(WARM_UP):
            self.step()
        self.wait()
        self.repeats = min(MOST, max(1, math.ceil(turn_ms / max(1e-4, self.milliseconds(1)))))
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def milliseconds(self, times):
        start = time.perf_counter()
        for _ in range(times):
            self.step()
        self.wait()
        return (time.perf_counter() - start) * 1e3

    def once(self):
        each = self.milliseconds(self.repeats) / self.repeats
        peak = torch.cuda.max_memory_allocated() >> 10 if self.device.type == "cuda" else 0
        return f"{each:.6f} {self.number():.6f} {peak}"


def serve(device, turn_ms):
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)                                # what else is printed is no answer
    work = None
    for line in sys.stdin:
        words = line.split()
        try:
            if words[0] == "open":
                work = None
                if "torch._dynamo" in sys.modules:           # takes seconds to import, for compiled work only
                    torch._dynamo.reset()
                if device.type == "cuda":
                    torch.cuda.empty_cache()
                work = Work(device, words[1:], turn_ms)
                answers.write(f"ready pytorch {' '.join(words[1:])}\n")
            else:
                answers.write(work.once() + "\n")
        except Exception as problem:             # the other side decides what a failure means
            answers.write("failed " + " ".join(f"{type(problem).__name__}: {problem}".split())[:600] + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["about"]:
        print(json.dumps(about()))
    elif len(sys.argv) == 3:
        serve(torch.device(sys.argv[1]), float(sys.argv[2]))
    else:
        sys.exit("usage: gpu_peer.py about | gpu_peer.py cuda|cpu TURN_MS")
