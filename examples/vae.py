"""Train a variational autoencoder on handwritten digits: a bound of 25 nats for each of those held out.

    python examples/vae.py
    python examples/vae.py --backend jax --compile

A program for PyTorch but for its import lines, which say `tensorplug` where PyTorch's say `torch`.
"""

import argparse
import time

from sklearn.datasets import load_digits

import tensorplug as torch
import tensorplug.nn.functional as F
from tensorplug import nn
from tensorplug.utils.data import DataLoader, TensorDataset, random_split

EPOCHS = 20


class VAE(nn.Module):
    """The model of Kingma and Welling, "Auto-encoding variational Bayes", 2014."""

    def __init__(self, pixels=64, width=128, latent=8):
        super().__init__()
        self.latent = latent
        self.encoder = nn.Sequential(nn.Linear(pixels, width), nn.GELU())
        self.mean = nn.Linear(width, latent)
        self.log_variance = nn.Linear(width, latent)
        self.decoder = nn.Sequential(nn.Linear(latent, width), nn.GELU(), nn.Linear(width, pixels))

    def reparameterize(self, mean, log_variance):
        deviation = torch.exp(0.5 * log_variance)
        return mean + deviation * torch.randn_like(deviation)

    def forward(self, x):
        hidden = self.encoder(x)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        return self.decoder(self.reparameterize(mean, log_variance)), mean, log_variance


def bound(x, logits, mean, log_variance):
    """The negative evidence lower bound of each image, in nats."""
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    divergence = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
    return (reconstruction + divergence) / len(x)


def trainer(model, steps, compiled):
    """The function that does one step of training."""
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

    def step(images):
        optimizer.zero_grad()
        loss = bound(images, *model(images))
        loss.backward()
        optimizer.step()
        return loss.detach()

    return torch.compile(step) if compiled else step


def picture(image):
    """An image in characters."""
    return "\n".join("".join(" .:oO@"[int(pixel * 5.99)] * 2 for pixel in row) for row in image.tolist())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="cpu", help="numpy, jax, cupy, or any device")
    parser.add_argument("--compile", action="store_true", help="compile the step of training")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    args = parser.parse_args()

    device = torch.device(args.backend)
    torch.manual_seed(0)
    images = torch.from_numpy(load_digits().data).float() / 16
    training, held_out = random_split(TensorDataset(images), [0.8, 0.2])
    training = DataLoader(training, batch_size=64, shuffle=True, drop_last=True)

    model = VAE().to(device)
    step = trainer(model, args.epochs * len(training), args.compile)
    start = time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        losses = [step(batch.to(device)).item() for (batch,) in training]
        if epoch % 5 == 0:
            print(f"epoch {epoch:2}  bound {sum(losses) / len(losses):.2f}  {time.perf_counter() - start:5.1f} s")
    with torch.inference_mode():
        (x,) = next(iter(DataLoader(held_out, batch_size=len(held_out))))
        x = x.to(device)
        print(f"held out: bound {bound(x, *model(x)).item():.2f} nats")
        print(picture(torch.sigmoid(model.decoder(torch.randn(1, model.latent, device=device))).view(8, 8)))


if __name__ == "__main__":
    main()
