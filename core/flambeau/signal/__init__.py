"""`flambeau.signal`: windows for the analysis of signals."""

from . import windows as windows
