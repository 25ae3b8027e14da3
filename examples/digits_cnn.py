"""Train a convolutional network on handwritten digits: 98 % of those held out are classified correctly.

    python examples/digits_cnn.py
    python examples/digits_cnn.py --backend jax --compile

A program for PyTorch but for its import lines, which say `tensorplug` where PyTorch's say `torch`.
"""

import argparse
import time

from sklearn.datasets import load_digits

import tensorplug as torch
import tensorplug.nn.functional as F
from tensorplug import nn
from tensorplug.utils.data import DataLoader, TensorDataset, random_split

EPOCHS = 12


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(32 * 2 * 2, 10)

    def forward(self, x):
        return self.classifier(self.features(x))


def trainer(model, steps, compiled):
    """The function that does one step of training."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)

    def step(images, labels):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return torch.compile(step) if compiled else step


@torch.no_grad()
def accuracy(model, loader, device):
    model.eval()
    correct = 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        correct += (model(images).argmax(1) == labels).type(torch.float).sum().item()
    model.train()
    return correct / len(loader.dataset)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="cpu", help="numpy, jax, cupy, or any device")
    parser.add_argument("--compile", action="store_true", help="compile the step of training")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    args = parser.parse_args()

    device = torch.device(args.backend)
    torch.manual_seed(0)
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    dataset = TensorDataset(images, torch.tensor(digits.target))
    training, held_out = random_split(dataset, [0.8, 0.2])
    training = DataLoader(training, batch_size=64, shuffle=True, drop_last=True)
    held_out = DataLoader(held_out, batch_size=120)

    model = Network().to(device)
    step = trainer(model, args.epochs * len(training), args.compile)
    start = time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        losses = [step(images.to(device), labels.to(device)).item() for images, labels in training]
        print(f"epoch {epoch:2}  loss {sum(losses) / len(losses):.4f}  {time.perf_counter() - start:5.1f} s")
    print(f"held out: {accuracy(model, held_out, device):.1%} correct")


if __name__ == "__main__":
    main()
