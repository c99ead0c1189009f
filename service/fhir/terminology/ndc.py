"""National Drug Codes: every hyphen layout to eleven digits (field fact 8)."""

_TENS = ((4, 8), (5, 8), (5, 9))  # 4-4-2, 5-3-2, 5-4-1
_WIDTHS = (5, 4, 2)


def eleven(code: str) -> tuple[str, ...]:
    """The eleven-digit numbers that a code may stand for; several when ten digits are ambiguous.

    A labeller and product without package gives the nine digits that they share.
    """
    text = code.strip().rstrip("*").strip("-")
    if "-" in text:
        parts = text.split("-")
        fits = (
            len(parts) in (2, 3)
            and all(part.isdigit() for part in parts)
            and all(len(part) <= width for part, width in zip(parts, _WIDTHS, strict=False))
        )
        whole = "".join(p.zfill(w) for p, w in zip(parts, _WIDTHS, strict=False)) if fits else ""
        return (whole,) if whole else ()
    if not text.isdigit():
        return ()
    if len(text) == 11:
        return (text,)
    if len(text) == 12 and text[0] == "0":  # padded by some senders
        return (text[1:],)
    if len(text) == 10:
        return tuple(text[:a].zfill(5) + text[a:b].zfill(4) + text[b:].zfill(2) for a, b in _TENS)
    return ()
