"""Train an LSTM to predict the next character of Python's help pages: 2.3 bits per character of those held out.

    python examples/character_rnn.py
    python examples/character_rnn.py --backend jax --compile

A program for PyTorch but for its import lines, which say `tensorplug` where PyTorch's say `torch`.
"""

import argparse
import math
import time
from pydoc_data.topics import topics

import tensorplug as torch
from tensorplug import nn
from tensorplug.utils.data import DataLoader, TensorDataset

LENGTH = 64
STEPS = 600


class Network(nn.Module):
    def __init__(self, characters, width=128):
        super().__init__()
        self.embedding = nn.Embedding(characters, 64)
        self.lstm = nn.LSTM(64, width, batch_first=True)
        self.out = nn.Linear(width, characters)

    def forward(self, x, state=None):
        hidden, state = self.lstm(self.embedding(x), state)
        return self.out(hidden), state


def trainer(model, steps, compiled):
    """The function that does one step of training."""
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    criterion = nn.CrossEntropyLoss()

    def step(text, following):
        optimizer.zero_grad()
        logits, _ = model(text)
        loss = criterion(logits.flatten(0, 1), following.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.detach()

    return torch.compile(step) if compiled else step


@torch.no_grad()
def bits_per_character(model, loader, device):
    model.eval()
    losses = []
    for (text,) in loader:
        logits, _ = model(text[:, :-1].to(device))
        losses.append(nn.functional.cross_entropy(logits.transpose(1, 2), text[:, 1:].to(device)).item())
    model.train()
    return sum(losses) / len(losses) / math.log(2)


@torch.no_grad()
def sample(model, start, alphabet, device, length=120):
    """Text that the model writes on, one character after the other."""
    text, state = start, None
    given = torch.tensor([[alphabet.index(character) for character in start]], device=device)
    for _ in range(length):
        logits, state = model(given, state)
        given = torch.multinomial(logits[:, -1].softmax(-1), 1)
        text += alphabet[given.item()]
    return text


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
