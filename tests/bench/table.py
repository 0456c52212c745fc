"""Prints text tables."""


def number(v, digits=3):
    """Formats v with about this many significant digits and separators."""
    if v is None:
        return "-"
    if isinstance(v, str):
        return v
    if isinstance(v, int):
        return f"{v:,}"
    if abs(v) >= 10 ** (digits - 1):
        return f"{v:,.0f}"
    for places in range(digits):
        if abs(v) >= 10 ** (digits - 2 - places):
            return f"{v:.{places + 1}f}"
    return f"{v:.{digits}f}"


def show(title, head, rows):
    """Prints the rows. The first column and those that contain text are aligned
    to the left."""
    cells = [[c if isinstance(c, str) else number(c) for c in row] for row in rows]
    text = [i == 0 or any(isinstance(r[i], str) and r[i] != "-" for r in rows)
            for i in range(len(head))]
    widths = [max(len(r[i]) for r in [head, *cells]) for i in range(len(head))]
    print(f"\n{title}")
    for r in [head, *cells]:
        line = "  ".join(c.ljust(w) if t else c.rjust(w) for c, w, t in zip(r, widths, text))
        print("  " + line.rstrip())
