"""Automatic scheduling: what the solver is asked of an edition, carried by a worker; its answer is a proposal."""
