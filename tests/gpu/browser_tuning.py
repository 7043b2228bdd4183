"""In the browser: layouts are measured, and remembered in IndexedDB where that can be had."""

import os
from typing import Any

SPOILED = {
    "denied": "indexedDB.open = () => { throw new DOMException('not here', 'SecurityError') }",
    "failing": "indexedDB.open = () => { const r = {}; setTimeout(() => r.onerror(), 1); return r }",
    "silent": "indexedDB.open = () => ({})",
}


def main() -> dict[str, Any]:
    from pyodide.code import run_js

    import flambeau as torch
    import flambeau_wgpu
    from flambeau_wgpu.tune import Tuner

    x = torch.rand(64, 64, device="wgpu")
    engine = flambeau_wgpu.load().engine

    def product() -> float:
        return float((x @ x).sum())

    before = product()
    untuned = engine.tuner.measured
    os.environ["FLAMBEAU_TUNE"] = "1"  # while the program runs
    after = product()
    measured = engine.tuner.measured
    product()
    answer = {
        "difference": abs(after - before) / before,
        "untuned": untuned,
        "measured": measured,
        "again": engine.tuner.measured,
        "chosen": engine.tuner.chosen,
        "remembered": Tuner(engine.device).chosen,
    }
    for name, code in SPOILED.items():
        run_js(code)
        engine.device.store.remember("what is not kept")
        answer[name] = engine.device.store.recall()
    return answer
