"""A program: ops on a tensor of 512 MiB; prints which came out as numpy says, and the limits of the device."""

import json

import numpy as np

import flambeau as torch
import flambeau_wgpu

torch.set_default_device("wgpu")
random = np.random.default_rng(0)
host = random.standard_normal((16384, 8192)).astype("f4")
x = torch.from_numpy(host).to("wgpu")
weight = torch.rand(8192, 4)
written = x + 0.0
written[100] = 2.0
index = torch.tensor([5, 16000, 3])
limits = flambeau_wgpu.load().engine.device.info.limits
print(
    json.dumps(
        {
            "sum": abs(x.sum().item() - host.sum(dtype="f8")) < 1.0,
            "largest": (x * 2).max().item() == float(2 * host.max()),
            "position": x.argmax().item() == int(host.argmax()),
            "rows": np.allclose(x.sum(1).cpu().numpy(), host.sum(1), atol=1e-2),
            "columns": np.allclose(torch.exp(x.t()[:5]).cpu().numpy(), np.exp(host.T[:5]), rtol=1e-4),
            "product": np.allclose((x @ weight).cpu().numpy(), host @ weight.cpu().numpy(), atol=1e-2),
            "taken": bool((x[index].cpu().numpy() == host[[5, 16000, 3]]).all()),
            "written": written[100].sum().item() == 2 * 8192 and written[16383, 8191].item() == float(host[-1, -1]),
            "outer": (torch.ones(70000, 1) + torch.ones(8192)).sum(1).max().item() == 2 * 8192,
            "limits": {n: limits[n] for n in ("max-buffer-size", "max-storage-buffer-binding-size")},
        },
        default=bool,  # numpy's own
    )
)
