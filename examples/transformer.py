"""Train a transformer to predict the next character of Python's help pages: 2.3 bits per character of those held out.

    python examples/transformer.py
    python examples/transformer.py --backend jax --compile

A program for PyTorch but for its import lines, which say `tensorplug` where PyTorch's say `torch`.
"""

import argparse
import math
import time
from pydoc_data.topics import topics

import tensorplug as torch
import tensorplug.nn.functional as F
from tensorplug import nn
from tensorplug.optim.lr_scheduler import OneCycleLR
from tensorplug.utils.data import DataLoader, TensorDataset

LENGTH = 64
STEPS = 600


class Network(nn.Module):
    def __init__(self, characters, width=64, heads=4, layers=2):
        super().__init__()
        self.embedding = nn.Embedding(characters, width)
        self.positions = nn.Parameter(torch.empty(LENGTH, width))
        for weight in (self.embedding.weight, self.positions):
            nn.init.normal_(weight, std=0.05)
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.out = nn.Linear(width, characters)
        # Added to the scores of attention: no position looks at later ones.
        self.register_buffer("mask", torch.full((LENGTH, LENGTH), -math.inf).triu(1))

    def forward(self, x):
        length = x.size(1)
        hidden = self.embedding(x) + self.positions[:length]
        return self.out(self.blocks(hidden, mask=self.mask[:length, :length]))


def trainer(model, steps, compiled):
    """The function that does one step of training, with a learning rate that rises and falls."""
    # A compiled step reads the rate from a tensor, into which the schedule writes; momentum would be compiled anew.
    rate = torch.tensor(5e-3, device=next(model.parameters()).device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = OneCycleLR(optimizer, max_lr=5e-3, total_steps=steps + 1, cycle_momentum=False)

    def step(text, following):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(text).flatten(0, 1), following.flatten())
        loss.backward()
        optimizer.step()
        return loss.detach()

    if compiled:
        step = torch.compile(step)

    def step_and_schedule(text, following):
        loss = step(text, following)
        schedule.step()
        return loss

    return step_and_schedule


@torch.no_grad()
def bits_per_character(model, loader, device):
    model.eval()
    losses = []
    for (text,) in loader:
        text = text.to(device)
        losses.append(F.cross_entropy(model(text[:, :-1]).transpose(1, 2), text[:, 1:]).item())
    model.train()
    return sum(losses) / len(losses) / math.log(2)


@torch.no_grad()
def sample(model, start, alphabet, device, length=120):
    """Text that the model writes on, one character after the other."""
    given = torch.tensor([[alphabet.index(character) for character in start]], device=device)
    for _ in range(length):
        probabilities = model(given[:, -LENGTH:])[:, -1].softmax(-1)
        given = torch.cat([given, torch.multinomial(probabilities, 1)], dim=1)
    return "".join(alphabet[number] for number in given[0].tolist())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="cpu", help="numpy, jax, cupy, or any device")
    parser.add_argument("--compile", action="store_true", help="compile the step of training")
    parser.add_argument("--steps", type=int, default=STEPS)
    args = parser.parse_args()

    device = torch.device(args.backend)
    torch.manual_seed(0)
    text = "\n".join(topics.values()).encode("ascii", "ignore").decode()
    alphabet = sorted(set(text))
    numbers = {character: number for number, character in enumerate(alphabet)}
    windows = torch.tensor([numbers[character] for character in text]).unfold(0, LENGTH + 1, LENGTH)
    count = len(windows) * 9 // 10
    training = DataLoader(TensorDataset(windows[:count]), batch_size=32, shuffle=True, drop_last=True)
    held_out = DataLoader(TensorDataset(windows[count : count + 512]), batch_size=128)

    model = Network(len(alphabet)).to(device)
    step = trainer(model, args.steps, args.compile)
    start = time.perf_counter()
    losses = []
    while len(losses) < args.steps:
        for (batch,) in training:
            batch = batch.to(device)
            losses.append(step(batch[:, :-1], batch[:, 1:]).item())
            if len(losses) % 50 == 0:
                recent = sum(losses[-50:]) / 50 / math.log(2)
                print(f"step {len(losses):3}  {recent:.3f} bits  {time.perf_counter() - start:5.1f} s")
            if len(losses) == args.steps:
                break
    print(f"held out: {bits_per_character(model, held_out, device):.3f} bits per character")
    print(sample(model, "The ", alphabet, device))


if __name__ == "__main__":
    main()
