"""A network learns to balance a pole on a cart from nothing but falling over.

It sees the cart and the pole, four numbers, and pushes left or right, by chance. After
each game the pushes that came before long balancing are made more likely, the others
less: REINFORCE. A game is as long as it lasts, and so is the graph.

Try:
- Leave out the subtraction of the mean from `returns`. How much longer does it take?
- `discount=0.9`: only the near future counts. And 1.0?
- Push harder: `FORCE = 20.0`. Or make the pole twice as long.
- Let it see only the angle and the position, without the speeds.

Expect: the loss starts near 0.9 and is below 0.3 after 250 games. It is the part of 200
moves that the pole lay on the floor.
"""

import flambeau as torch
import argparse
import math
import random

GRAVITY, FORCE, TICK = 9.8, 10.0, 0.02  # m/s², N, s
CART, POLE, LENGTH = 1.0, 0.1, 0.5  # kg, kg, half the pole's length in m
LONGEST = 200  # moves in a game


class CartPole:
    """Barto, Sutton and Anderson (1983): a pole stands hinged on a cart on a track."""

    def __init__(self, dice: random.Random):
        self.dice = dice

    def reset(self) -> list[float]:
        """Position and speed of the cart, angle and turning speed of the pole."""
        self.state = [self.dice.uniform(-0.05, 0.05) for _ in range(4)]
        return self.state

    def push(self, right: bool) -> tuple[list[float], bool]:
        """One push. Returns the state after it, and whether the pole has fallen."""
        x, speed, angle, turning = self.state
        sine, cosine = math.sin(angle), math.cos(angle)
        force = FORCE if right else -FORCE
        both = CART + POLE
        pull = (force + POLE * LENGTH * turning**2 * sine) / both
        turn = (GRAVITY * sine - cosine * pull) / (
            LENGTH * (4 / 3 - POLE * cosine**2 / both)
        )
        push = pull - POLE * LENGTH * turn * cosine / both
        self.state = [
            x + TICK * speed,
            speed + TICK * push,
            angle + TICK * turning,
            turning + TICK * turn,
        ]
        return self.state, abs(self.state[0]) > 2.4 or abs(self.state[2]) > math.pi / 15


def play(policy: torch.nn.Module, game: CartPole, device: str) -> torch.Tensor:
    """One game: the logarithm of the probability of each move made, (moves,)."""
    state, fallen, chosen = game.reset(), False, []
    while not fallen and len(chosen) < LONGEST:
        scores = policy(torch.tensor(state).to(device))
        moves = torch.distributions.Categorical(logits=scores)
        move = moves.sample()
        chosen.append(moves.log_prob(move))
        state, fallen = game.push(right=move.item() == 1)
    return torch.stack(chosen)


def main(
    device: str = "cpu", steps: int = 250, seed: int = 0, discount: float = 0.99
) -> list[float]:
    """Plays, prints, and returns for every game the part of it spent on the floor."""
    torch.manual_seed(seed)
    game = CartPole(random.Random(seed))
    policy = torch.nn.Sequential(
        torch.nn.Linear(4, 64), torch.nn.Tanh(), torch.nn.Linear(64, 2)
    ).to(device)
    optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)

    losses = []
    for step in range(steps):
        chosen = play(policy, game, device)
        # What each move was worth: one point for every move after it, the near ones more.
        returns, later = [], 0.0
        for _ in range(len(chosen)):
            later = 1 + discount * later
            returns.insert(0, later)
        worth = torch.tensor(returns).to(device)
        worth = (worth - worth.mean()) / (worth.std() + 1e-6)
        loss = -(chosen * worth).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        losses.append(1 - len(chosen) / LONGEST)
        if step % 10 == 0 or step == steps - 1:
            recent = losses[-10:]
            print(f"step {step:4d}  loss {sum(recent) / len(recent):.4f}")
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help='"cpu" or "wgpu"')
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
