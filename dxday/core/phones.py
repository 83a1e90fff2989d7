"""Telephone numbers as people write them, and in the one form that gateways take (ITU-T E.164)."""

import re
import unicodedata

_SEPARATORS = re.compile(r"[\s.\-/()\u2010-\u2015]+")
_TRUNK = re.compile(r"\(0\)")
_VIETNAMESE_MOBILE = re.compile(r"\+84[35789][0-9]{8}")
_FOREIGN = re.compile(r"\+[1-9][0-9]{7,14}")


def read_phone(written: str) -> str | None:
    """Return a mobile number as +84912345678, or None for what is none.

    Without a country it is Vietnamese (0912 345 678, 84912345678); one that begins with + or 00 is of any country,
    8 to 15 digits.  A Vietnamese one must be a mobile number (+84 and 3, 5, 7, 8 or 9):
    a line in a house takes no text messages.
    """
    plain = unicodedata.normalize("NFKC", written)
    plain = "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in plain)
    digits = _SEPARATORS.sub("", _TRUNK.sub("", plain))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif digits.startswith("0"):
        digits = f"+84{digits[1:]}"
    elif digits.startswith("84") and len(digits) == 11:
        digits = f"+{digits}"
    if digits.startswith("+84"):
        digits = digits.replace("+840", "+84", 1)
        return digits if _VIETNAMESE_MOBILE.fullmatch(digits) else None
    return digits if _FOREIGN.fullmatch(digits) else None


def show_phone(phone: str) -> str:
    """Return a number in the form of E.164 as people here write it: 0912 345 678; a foreign one as it is."""
    if not _VIETNAMESE_MOBILE.fullmatch(phone):
        return phone
    return f"0{phone[3:6]} {phone[6:9]} {phone[9:]}"
