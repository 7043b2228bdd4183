"""In the browser: the character RNN trains. `main(steps)` returns its losses and where the time went."""

import contextlib
import io
import statistics
import time
from typing import Any


def main(steps: int, device: str = "wgpu") -> dict[str, Any]:
    begun = time.perf_counter()
    import char_rnn as example
    import flambeau as torch

    imported = time.perf_counter() - begun
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    book = example.encode(example.BOOK)
    begun = time.perf_counter()
    model = example.CharRNN(len(example.ALPHABET)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    opened = time.perf_counter() - begun
    losses, python, total = [], [], []
    for _ in range(steps):
        passages = example.draw_batch(book, length=32, batch=32, generator=generator)
        begun = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            loss = example.training_step(model, optimizer, passages.to(device))
        python.append(time.perf_counter() - begun)
        losses.append(loss.item())
        total.append(time.perf_counter() - begun)
    result: dict[str, Any] = {
        "losses": losses,
        "imported": imported,
        "opened": opened,
        "first": total[:3],
        "median": statistics.median(total[3:] or total),
        "median python": statistics.median(python[3:] or python),
    }
    if device == "wgpu":
        import flambeau_wgpu

        engine = flambeau_wgpu.load().engine
        result["device"] = engine.device.info.name
        result["counters"] = vars(engine.device.counters)
    return result
