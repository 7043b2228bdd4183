"""In the browser: a profile shows kernels, with their times where the adapter tells."""

from typing import Any


def main() -> dict[str, Any]:
    import flambeau as torch
    import flambeau_wgpu
    from flambeau.profiler import DeviceType, ProfilerActivity, profile

    device = flambeau_wgpu.load().engine.device
    x = torch.rand(512, 512, device="wgpu")

    def kernels() -> list[tuple[str, float]]:
        with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.PrivateUse1]) as prof:
            (torch.tanh(x) @ x).sum().item()
        events = [event for event in prof.events() if event.device_type is not DeviceType.CPU]
        assert "aten::tanh" in prof.key_averages().table()
        return [(event.name, event.device_time_total) for event in events]  # microseconds

    (torch.tanh(x) @ x).sum().item()
    answer = {"feature": "timestamp-query" in device.info.features, "timed": kernels()}
    device.kernel_times = list
    return {**answer, "untimed": kernels(), "still on": device.timed}
