"""Stretches of time as bits of whole numbers: bit t stands for the t-th step of the clock."""

from collections.abc import Iterator


def span(start: int, end: int) -> int:
    """Return the mask of the steps from start up to but not including end."""
    start = max(start, 0)
    return ((1 << (end - start)) - 1) << start if end > start else 0


def spread(mask: int, length: int) -> int:
    """Return the steps from which something of this length would meet a step of the mask."""
    done = 1
    while done < length:
        by = min(done, length - done)
        mask |= mask >> by
        done += by
    return mask


def shrink(mask: int, length: int) -> int:
    """Return the steps from which something of this length lies wholly within the mask."""
    done = 1
    while done < length:
        by = min(done, length - done)
        mask &= mask >> by
        done += by
    return mask


def shift(mask: int, by: int) -> int:
    """Return the mask moved by so many steps, to later ones when positive."""
    return mask << by if by >= 0 else mask >> -by


def bits(mask: int) -> Iterator[int]:
    """Yield the steps of a mask, the earliest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def runs(mask: int) -> Iterator[tuple[int, int]]:
    """Yield the unbroken stretches of a mask as (start, end)."""
    at = 0
    while mask:
        skip = (mask & -mask).bit_length() - 1
        mask >>= skip
        at += skip
        length = (~mask & (mask + 1)).bit_length() - 1
        yield at, at + length
        mask >>= length
        at += length


class Levels:
    """How often each step is used: the k-th mask holds the steps used more than k times."""

    def __init__(self) -> None:
        self.masks: list[int] = []

    def add(self, mask: int, times: int = 1) -> None:
        """Use the steps of the mask once more, or several times."""
        for _ in range(times):
            carry = mask
            for number, level in enumerate(self.masks):
                self.masks[number] = level | carry
                carry &= level
                if not carry:
                    break
            else:
                self.masks.append(carry)

    def remove(self, mask: int, times: int = 1) -> None:
        """Take back what `add` did."""
        for _ in range(times):
            rest = mask
            for number in range(len(self.masks) - 1, -1, -1):
                hit = self.masks[number] & rest
                self.masks[number] ^= hit
                rest ^= hit
                if not rest:
                    break
            while self.masks and not self.masks[-1]:
                self.masks.pop()

    def above(self, count: int) -> int:
        """Return the steps used more than `count` times."""
        if count < 0:
            return -1
        return self.masks[count] if count < len(self.masks) else 0
