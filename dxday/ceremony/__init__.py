"""Handing awards over: the order of a ceremony, what the press reads of each award, and the hall of honour."""
