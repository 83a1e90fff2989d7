"""Reproducible benchmarks: each measures a thing and its named baseline side by side in one run."""
