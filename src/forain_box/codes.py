"""Article numbers: one number is an EAN, a GTIN, and by its first digits a UPC, a JAN or an ISBN."""

KINDS = ("EAN", "GTIN", "ISBN", "JAN", "UPC")


def gtin(number: str) -> str:
    """The number with 14 digits, under which every spelling of it is found; "" for what is none."""
    digits = number.strip()
    return digits.zfill(14) if digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 14 else ""


def spellings(number: str) -> dict[str, str]:
    """Kind -> the number as that kind spells it."""
    whole = gtin(number)
    if not whole:
        return {}
    found = {"GTIN": whole}
    if whole[0] != "0":
        return found
    found["EAN"] = whole[1:]
    if whole[1] == "0" and whole[2:7] != "00000":
        found["UPC"] = whole[2:]
    if whole[1:3] in ("45", "49"):
        found["JAN"] = whole[1:]
    if whole[1:4] in ("978", "979"):
        found["ISBN"] = whole[1:]
    return found
