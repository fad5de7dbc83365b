"""The coding engine: pure, from the documents of a chart to suggestions. See docs/engine.md for its stages."""

from services.coder.engine.pipeline import build_engine

__all__ = ["build_engine"]
