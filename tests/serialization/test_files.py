"""Files: what torch saves flambeau loads, what flambeau saves torch loads, and both refuse the same."""

import io
import os
import pickle
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import flambeau

Library = Any
DIRECTIONS = [(torch, flambeau), (flambeau, torch), (flambeau, flambeau)]


def written(t: Library, obj: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    t.save(obj, file, **options)
    file.seek(0)
    return file


def everything(t: Library) -> dict[str, Any]:
    """Of everything that `weights_only=True` lets through, something."""
    t.manual_seed(0)
    a = t.arange(6.0).view(2, 3)
    tagged = t.nn.Parameter(t.ones(2))
    tagged.tag = "mine"
    return {
        "matrix": a,
        "transposed": a.t(),
        "row": a[1],
        "state": t.nn.Sequential(t.nn.Linear(3, 4), t.nn.LSTM(4, 2)).state_dict(),
        "parameter": tagged,
        "plain": [1, 2.5, None, True, "x", (1, 2), {3}, 1 << 40, b"ab", bytearray(b"z"), 1j, -7, 300],
        "bools": t.tensor([True, False]),
        "number": t.tensor(3),
        "half": t.ones(2, dtype=t.float16),
        "nothing": t.zeros(0, 3),
        "strided": t.arange(10)[1::3],
        "dtypes": [t.float32, t.int64, t.bool, t.uint8],
        "device": t.device("cpu"),
        "size": t.Size([2, 3]),
        "counts": Counter("aab"),
        "ordered": OrderedDict(a=1),
        "needs grad": t.ones(1, requires_grad=True),
    }


def test_newer_dtypes(same: Callable[..., None]) -> None:
    """Those without a class of storages go as bytes."""

    def code(t: Library) -> Any:
        a = t.arange(4).to(t.uint16)
        other = flambeau if t is torch else torch
        read = other.load(written(t, [a, a[1:], t.ones(2, dtype=t.bfloat16), a.layout]))
        read[0][1] = 9
        return [x.tolist() for x in read[:3]], str(read[3])

    same(code)


def shown(obj: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in obj.items()}


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(("writer", "reader"), DIRECTIONS)
def test_what_one_writes_the_other_reads(writer: Library, reader: Library, as_zip: bool, weights_only: bool) -> None:
    file = written(writer, everything(writer), _use_new_zipfile_serialization=as_zip)
    read = reader.load(file, weights_only=weights_only)
    assert shown(read) == shown(everything(writer))
    assert read["parameter"].tag == "mine" and type(read["parameter"]) is reader.nn.Parameter
    assert read["state"]._metadata == everything(writer)["state"]._metadata
    # Views of one storage are so again.
    read["matrix"].fill_(9)
    assert read["transposed"].tolist() == [[9, 9], [9, 9], [9, 9]] and read["row"].tolist() == [9, 9, 9]


def modules(t: Library) -> list[Any]:
    t.manual_seed(1)
    nn = t.nn
    return [
        nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Dropout(0.1)),
        nn.LSTM(3, 2, batch_first=True),
        nn.GRU(3, 2, bidirectional=True),
        nn.Embedding(3, 3),
        nn.ModuleDict({"a": nn.SiLU(), "b": nn.ModuleList([nn.Tanh(), nn.GELU()])}),
        nn.ParameterList([nn.Parameter(t.ones(2))]),
        nn.TripletMarginWithDistanceLoss(distance_function=t.nn.functional.pairwise_distance),
        nn.CrossEntropyLoss(weight=t.ones(3)),
    ]


@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(("writer", "reader"), DIRECTIONS)
def test_whole_modules(writer: Library, reader: Library, as_zip: bool) -> None:
    """Classes go by PyTorch's names in the file, and are the reader's own."""
    for saved, expected in zip(modules(writer), modules(reader), strict=True):
        file = written(writer, saved, _use_new_zipfile_serialization=as_zip)
        read = reader.load(file, weights_only=False)
        assert type(read) is type(expected) and repr(read) == repr(expected)
        assert str(read.state_dict()) == str(expected.state_dict())
        if hasattr(read, "hidden_size"):
            assert str(read(reader.ones(1, 2, 3))) == str(expected(reader.ones(1, 2, 3)))


@pytest.mark.parametrize(("writer", "reader"), DIRECTIONS)
def test_a_model_with_its_optimizer(writer: Library, reader: Library) -> None:
    model = writer.nn.Linear(2, 1)
    optimizer = writer.optim.Adam(model.parameters(), lr=0.5)
    model(writer.ones(2)).sum().backward()
    optimizer.step()
    model, optimizer = reader.load(written(writer, [model, optimizer]), weights_only=False)
    assert optimizer.param_groups[0]["params"][0] is model.weight
    assert optimizer.state[model.weight]["step"] == 1
    optimizer.step()


def test_the_archive_is_laid_out_as_torchs(tmp_path: Path) -> None:
    """Byte by byte, but for the number by which archives are told apart."""
    files = []
    for t in (torch, flambeau):
        path = tmp_path / t.__name__ / "model.pt"
        path.parent.mkdir()
        t.save({"a": t.arange(3.0), "empty": t.zeros(0), "b": t.ones(5)}, path)
        files.append(path)
    theirs, ours = (zipfile.ZipFile(path) for path in files)
    assert ours.testzip() is None
    fields = ("filename", "file_size", "header_offset", "flag_bits", "compress_type")
    assert [[getattr(i, f) for f in fields] for i in ours.infolist()] == [
        [getattr(i, f) for f in fields] for i in theirs.infolist()
    ]
    names = [name for name in ours.namelist() if not name.endswith("serialization_id")]
    assert [ours.read(name) for name in names] == [theirs.read(name) for name in names]


def test_mmap(tmp_path: Path) -> None:
    for writer, reader in DIRECTIONS:
        path = str(tmp_path / "m.pt")
        writer.save({"a": writer.arange(4.0), "b": writer.ones(2, dtype=writer.int16)}, path)
        read = reader.load(path, mmap=True)
        read["a"][0] = 7  # in memory only
        assert read["a"].tolist() == [7, 1, 2, 3] and read["b"].tolist() == [1, 1]
        assert reader.load(path)["a"].tolist() == [0, 1, 2, 3]


def test_saving_to_a_path_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    flambeau.save(flambeau.ones(2), path)
    with pytest.raises(Exception, match="pickle local object"):
        flambeau.save([flambeau.zeros(2), lambda: 0], path)
    assert flambeau.load(path).tolist() == [1, 1]
    assert os.listdir(tmp_path) == ["model.pt"]


def test_gzip_and_places_in_a_file(tmp_path: Path) -> None:
    import gzip

    with gzip.open(tmp_path / "x.pt.gz", "wb") as file:
        torch.save(torch.ones(2), file)
    with gzip.open(tmp_path / "x.pt.gz", "rb") as file:
        assert flambeau.load(file).tolist() == [1, 1]
    with open(tmp_path / "two.pt", "w+b") as file:  # the older format can be written one after the other
        for value in (1.0, 2.0):
            torch.save(torch.tensor(value), file, _use_new_zipfile_serialization=False)
        file.seek(0)
        assert [flambeau.load(file).item() for _ in range(2)] == [1.0, 2.0]


def test_room_for_data(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        with t.serialization.skip_data():
            file = written(t, {"a": t.ones(3)})
        return t.load(file)["a"].shape, len(file.getvalue())

    same(code)


@pytest.mark.parametrize(("writer", "reader"), DIRECTIONS)
def test_modules_with_hooks(writer: Library, reader: Library) -> None:
    """Hooks go with a module that is pickled whole, and so do the handles that remove them."""
    lazy = reader.load(written(writer, writer.nn.LazyLinear(2)), weights_only=False)
    assert lazy(reader.ones(3)).shape == (2,) and type(lazy) is reader.nn.Linear and not lazy._forward_pre_hooks
    if writer is not torch:  # which cannot read it either
        normed = reader.load(written(writer, writer.nn.utils.spectral_norm(writer.nn.Linear(2, 2))), weights_only=False)
        assert list(normed.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]


class Made:
    """Of no class that files may name."""

    def __init__(self) -> None:
        self.x = 1


def torch_file(t: Library, obj: Any) -> io.BytesIO:
    """The same bytes for both libraries."""
    return written(torch, obj)


def patched(change: Callable[[bytes], bytes]) -> io.BytesIO:
    return io.BytesIO(change(written(torch, {"a": torch.arange(3.0)}).getvalue()))


def archive(**records: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        for name, data in records.items():
            z.writestr(f"a/{name.replace('_', '.')}", data)
    file.seek(0)
    return file


REFUSED: dict[str, Callable[[Library], Any]] = {
    "no such file": lambda t: t.load("/no/such/file.pt"),
    "no such directory": lambda t: t.save(1, "/no/such/file.pt"),
    "a directory": lambda t: t.load("/"),
    "a directory to write": lambda t: t.save(1, "/tmp"),
    "no file": lambda t: t.load(3),
    "no file to write": lambda t: t.save(1, 3),
    "nothing in it": lambda t: t.load(io.BytesIO()),
    "nothing in it, unrestricted": lambda t: t.load(io.BytesIO(), weights_only=False),
    "text": lambda t: t.load(io.BytesIO(b"version https://git-lfs")),
    "text, unrestricted": lambda t: t.load(io.BytesIO(b"version https://git-lfs"), weights_only=False),
    "half of it": lambda t: t.load(patched(lambda data: data[:600])),
    "an archive of something else": lambda t: t.load(archive(x=b"")),
    "no storage": lambda t: t.load(
        archive(data_pkl=pickle_of(written(torch, torch.ones(1))), version=b"3\n"),
    ),
    "a class": lambda t: t.load(torch_file(t, Made())),
    "a module": lambda t: t.load(torch_file(t, torch.nn.Linear(1, 1))),
    "a builtin": lambda t: t.load(torch_file(t, print)),
    "a blocked module": lambda t: t.load(torch_file(t, os.getcwd)),
    "pickle_module and weights_only": lambda t: t.load(torch_file(t, 1), pickle_module=pickle, weights_only=True),
    "cuda": lambda t: t.load(torch_file(t, torch.ones(1)), map_location="cuda"),
    "cuda:1": lambda t: t.load(torch_file(t, torch.ones(1)), map_location={"cpu": "cuda:1"}),
    "no such device": lambda t: t.load(torch_file(t, torch.ones(1)), map_location="nowhere"),
    "mmap of a buffer": lambda t: t.load(torch_file(t, torch.ones(1)), mmap=True),
    "two dtypes of one storage": lambda t: (
        written(t, [t.ones(2), t.ones(2).untyped_storage()])
        and (lambda x: written(t, [x, x.untyped_storage()]))(t.ones(2))
    ),
    "a wrong magic number": lambda t: t.load(io.BytesIO(pickle.dumps(5, 2))),
}


def pickle_of(file: io.BytesIO) -> bytes:
    return zipfile.ZipFile(file).read("archive/data.pkl")


@pytest.mark.parametrize("name", REFUSED)
def test_refused_alike(name: str, same: Callable[..., None]) -> None:
    same(REFUSED[name], fails=True)


ALIKE: dict[str, Callable[[Library], Any]] = {
    "encoding": lambda t: t.load(torch_file(t, [1]), encoding="latin1"),
    "another protocol": lambda t: t.load(written(t, {"a": 1}, pickle_protocol=3)),
    "map_location: a function": lambda t: t.load(
        torch_file(t, [torch.ones(2), torch.zeros(2)]), map_location=lambda storage, location: storage
    ),
    "map_location: what it is given": lambda t: seen_by_map_location(t),
    "map_location: None of it": lambda t: t.load(torch_file(t, torch.ones(2)), map_location=lambda s, loc: None),
    "map_location: a device": lambda t: t.load(torch_file(t, torch.ones(2)), map_location=t.device("cpu")),
    "unsafe names": lambda t: sorted(
        t.serialization.get_unsafe_globals_in_checkpoint(torch_file(t, [Made(), torch.ones(1)]))
    ),
    "safe names": lambda t: with_safe_globals(t),
    "no more safe names": lambda t: (t.serialization.clear_safe_globals(), t.serialization.get_safe_globals()),
    "a storage": lambda t: t.load(torch_file(t, torch.arange(3).untyped_storage())).tolist(),
    "a typed storage": lambda t: t.load(torch_file(t, torch.arange(3).storage())).tolist(),
}


def seen_by_map_location(t: Library) -> Any:
    seen = []

    def keep(storage: Any, location: str) -> Any:
        seen.append((type(storage).__name__, len(storage), location))
        return storage

    t.load(torch_file(t, [torch.ones(2), torch.zeros(3, dtype=torch.int64)]), map_location=keep)
    return seen


def with_safe_globals(t: Library) -> Any:
    with t.serialization.safe_globals([Made]):
        inside = (t.load(torch_file(t, Made())).x, Made in t.serialization.get_safe_globals())
    outside = Made in t.serialization.get_safe_globals()
    t.serialization.add_safe_globals([(Made, f"{Made.__module__}.Made")])
    named = t.load(torch_file(t, Made())).x
    t.serialization.clear_safe_globals()
    return inside, outside, named, t.serialization.get_safe_globals()


@pytest.mark.parametrize("name", ALIKE)
def test_alike(name: str, same: Callable[..., None]) -> None:
    same(ALIKE[name])


def test_a_module_declared_safe_goes_by_torchs_name() -> None:
    nn = flambeau.nn
    allowed = [nn.Linear, nn.Sequential, nn.ReLU, set]
    with flambeau.serialization.safe_globals(allowed):
        read = flambeau.load(written(torch, torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())))
    assert repr(read) == repr(nn.Sequential(nn.Linear(2, 2), nn.ReLU()))


def test_other_picklers() -> None:
    """A pickler of one's own, with protocols that write names otherwise."""
    for protocol in (2, 3, 4, 5):
        for module in (pickle,):
            file = written(flambeau, {"a": flambeau.nn.Linear(1, 1)}, pickle_module=module, pickle_protocol=protocol)
            assert type(torch.load(file, weights_only=False)["a"]) is torch.nn.Linear


def test_safetensors(tmp_path: Path) -> None:
    import json
    import struct

    path = tmp_path / "m.safetensors"
    header = json.dumps(
        {
            "__metadata__": {"format": "pt"},
            "w": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
            "n": {"dtype": "I64", "shape": [], "data_offsets": [8, 16]},
        }
    ).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<2fq", 1.5, -2.0, 7))
    read = flambeau.load(path)
    assert read["w"].tolist() == [[1.5], [-2.0]] and read["n"].item() == 7
    with pytest.raises(RuntimeError, match="dict map_location is not supported"):
        flambeau.load(path, map_location={})


def test_without_numpy() -> None:
    """On the reference backend, in a process where NumPy cannot be imported."""
    import subprocess
    import sys

    code = (
        "import sys; sys.modules['numpy'] = None; import io, flambeau as t; b = io.BytesIO(); m = t.nn.Linear(2, 2); "
        "t.save(m.state_dict(), b); b.seek(0); s = t.load(b); m.load_state_dict(s); "
        "print(bool((s['weight'] == m.weight).all()), t.load(io.BytesIO(bytes.fromhex(sys.argv[1]))))"
    )
    data = written(torch, torch.arange(3.0)).getvalue().hex()
    result = subprocess.run(
        [sys.executable, "-c", code, data],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "FLAMBEAU_CPU": "reference"},
    )
    assert result.stdout.strip() == "True tensor([0., 1., 2.])"
