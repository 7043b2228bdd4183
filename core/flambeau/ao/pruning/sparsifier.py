"""What sparsifiers share: which tensors they mask, when, and how that is saved and made permanent."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections import defaultdict
from typing import Any

from ..._tensor import Tensor
from ...autograd.modes import no_grad
from ...nn import Linear, Module
from ...nn.utils import parametrize
from ...ops.creation import ones_like
from .places import FakeSparsity, get_arg_info_from_tensor_fqn, has_parametrization, module_to_fqn


class BaseSparsifier(ABC):
    """Masks tensors of a model; a subclass says in `update_mask` which elements.

    Args:
        defaults: settings of every tensor that its own configuration does not give.
    """

    def __init__(self, defaults: dict[str, Any] | None = None) -> None:
        self.defaults: dict[str, Any] = defaults or {}
        self.state: dict[str, dict[str, Any]] = defaultdict(dict)
        self.groups: list[dict[str, Any]] = []
        self.enable_mask_update = True

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "groups": self.groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __repr__(self) -> str:
        groups = [
            "".join(
                [
                    f"\n\tGroup {i}\n",
                    *[f"\t    {key}: {group[key]}\n" for key in sorted(group, key=lambda k: (k != "module", k))],
                ]
            )
            for i, group in enumerate(self.groups)
        ]
        return f"{type(self).__name__} ({''.join(groups)})"

    def state_dict(self) -> dict[str, Any]:
        """The masks by the names of their tensors (`state`), and the settings without the modules (`groups`)."""
        without = ("module", "module_fqn", "tensor_name")
        return {
            "state": self.state,
            "groups": [{k: v for k, v in group.items() if k not in without} for group in self.groups],
        }

    def load_state_dict(self, state_dict: dict[str, Any], strict: bool = True) -> None:
        """Take over masks and settings, for the model that has been prepared.

        Raises:
            RuntimeError: a tensor's module is not in the model, and `strict` is set.
        """
        state, groups = copy.deepcopy((state_dict["state"], state_dict["groups"]))
        for fqn, of_tensor in state.items():
            place = get_arg_info_from_tensor_fqn(self.model, fqn)
            module, name = place["module"], place["tensor_name"]
            if module is None:
                if strict:
                    raise RuntimeError(f"Error loading {fqn} into the model")
                continue
            masks = [p for p in self._parametrizations(module, name) if isinstance(p, FakeSparsity)]
            if masks:
                masks[0].mask = of_tensor["mask"]
            else:
                parametrize.register_parametrization(module, name, FakeSparsity(ones_like(getattr(module, name))))
                of_tensor["mask"] = self._parametrizations(module, name)[0].mask
        for group in groups:
            group.update(get_arg_info_from_tensor_fqn(self.model, group["tensor_fqn"]))
        self.__setstate__({"state": state, "groups": groups})

    @staticmethod
    def _parametrizations(module: Module, name: str) -> Any:
        return module.parametrizations[name] if parametrize.is_parametrized(module, name) else []

    def make_config_from_model(self, model: Module, SUPPORTED_MODULES: set[type[Module]] | None = None) -> None:
        """Configure the weights of all linear layers, or of the kinds of module given."""
        kinds = tuple(SUPPORTED_MODULES or {Linear})
        found = [m for m in model.modules() if type(m) in kinds]
        self.config = [{"tensor_fqn": f"{module_to_fqn(model, m)}.weight".lstrip(".")} for m in found]

    def prepare(self, model: Module, config: list[dict[str, Any]] | None) -> None:
        """Parametrize the tensors of `config` with masks of ones; None takes the weights of all linear layers.

        Args:
            config: for each tensor a dictionary with its name, `tensor_fqn`, and what differs from the defaults.

        Raises:
            AssertionError: an entry is no dictionary or lacks `tensor_fqn`, or names another place than it does.
        """
        self.model = model
        if config is None:
            self.make_config_from_model(model)
        else:
            self.config = config
        for entry in self.config:
            if not isinstance(entry, dict):
                raise AssertionError(
                    "config elements should be dicts not modules i.e.:"
                    f"[{{`tensor_fqn`: `foo.bar.weight`}}, {{`tensor_fqn`: ... }}, ...], got {type(entry)}"
                )
            group = {**copy.deepcopy(self.defaults), **entry}
            if group.get("tensor_fqn") is None:
                raise AssertionError(
                    "tensor_fqn is a required argument in the sparsity config whichreplaces previous `module` and [module]`fqn` arguments"
                )
            place = get_arg_info_from_tensor_fqn(model, group["tensor_fqn"])
            for key, value in place.items():
                if key in group and group[key] != value and not (key == "tensor_fqn" and value == f".{group[key]}"):
                    raise AssertionError(
                        f"Given both `{key}` and `tensor_fqn` in the config, it is expected them to agree!"
                    )
            group.update(place)
            self.groups.append(group)
        self._prepare()

    def _prepare(self, *args: Any, **kwargs: Any) -> None:
        for group in self.groups:
            module, name = group["module"], group["tensor_name"]
            mask = group.get("mask", ones_like(getattr(module, name)))
            self.state[group["tensor_fqn"]]["mask"] = mask
            parametrize.register_parametrization(module, name, group.get("parametrization", FakeSparsity)(mask))

    def squash_mask(
        self,
        params_to_keep: tuple[str, ...] | None = None,
        params_to_keep_per_layer: dict[str, tuple[str, ...]] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Make the masks permanent: tensors become what they were masked to, and are parameters again.

        Args:
            params_to_keep: settings that each module keeps, in its attribute `sparse_params`.
            params_to_keep_per_layer: such settings by the name of the module.
        """
        for group in self.groups:
            module, name = group["module"], group["tensor_name"]
            parametrize.remove_parametrizations(module, name, leave_parametrized=True)
            per_layer = (params_to_keep_per_layer or {}).get(group["module_fqn"])
            kept = {key: group[key] for key in (*(params_to_keep or ()), *(per_layer or ()))}
            if kept:
                module.sparse_params = kept

    def convert(
        self,
        module: Module,
        mapping: dict[type[Module], type[Module]] | None = None,
        inplace: bool = False,
        parameterization: type[Module] = FakeSparsity,
    ) -> Module:
        """Exchange the modules that have masks for those which `mapping` gives, by their `from_dense(module)`.

        Raises:
            NotImplementedError: no mapping is given.
        """
        if mapping is None:
            raise NotImplementedError("Need to auto generate mapping ")
        if not inplace:
            module = copy.deepcopy(module)
        for name, child in list(module.named_children()):
            if has_parametrization(child, parameterization) and type(child) in mapping:
                kind: Any = mapping[type(child)]
                setattr(module, name, kind.from_dense(child))
            else:
                self.convert(child, mapping, True, parameterization)
        return module

    def step(self, use_path: bool = True) -> None:
        """Compute all masks anew, unless `enable_mask_update` is off."""
        if not self.enable_mask_update:
            return
        with no_grad():
            for group in self.groups:
                self.update_mask(**group)

    @abstractmethod
    def update_mask(self, module: Module, tensor_name: str, **kwargs: Any) -> None:
        """Compute one mask anew. Gets the settings of its tensor."""

    @staticmethod
    def mask_of(module: Module, tensor_name: str) -> Tensor:
        """The mask that a tensor is multiplied with."""
        lists: Any = module.parametrizations
        mask: Tensor = lists[tensor_name][0].mask
        return mask
