"""TerminalPicture: a terminal's screen as an SVG, in a window, with every word where its cells are."""

import html

import pyte
from pyte.screens import Char

CELL_WIDTH, CELL_HEIGHT, BAR_HEIGHT, MARGIN = 8.4, 20, 34, 14
BACKGROUND, FOREGROUND = "#14161b", "#e0e2ea"
COLOURS = {
    "black": "#14161b",
    "red": "#ffc0b9",
    "green": "#b3f6c0",
    "brown": "#fce094",
    "blue": "#a6dbff",
    "magenta": "#ffcaff",
    "cyan": "#8cf8f7",
    "white": "#c4c6cd",
    "brightblack": "#9b9ea4",
}
"""Of a terminal's sixteen, those that come up; pyte calls the yellow one brown."""


class TerminalPicture:
    """Rows and columns of a pyte screen, the empty ones at the bottom left out."""

    def __init__(self, screen: pyte.Screen, title: str, num_rows: int) -> None:
        """`num_rows`: how many of the screen's rows are drawn, from the top."""
        self._screen = screen
        self._title = title
        self._num_rows = num_rows

    def svg(self) -> str:
        width = self._screen.columns * CELL_WIDTH + 2 * MARGIN
        height = BAR_HEIGHT + self._num_rows * CELL_HEIGHT + MARGIN
        cursor = self._screen.cursor
        x, y = MARGIN + cursor.x * CELL_WIDTH, BAR_HEIGHT + cursor.y * CELL_HEIGHT
        family = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'font-family="{family}" font-size="14">',
            f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{BACKGROUND}"/>',
            *(
                f'<circle cx="{20 + 20 * number}" cy="17" r="6" fill="{colour}"/>'
                for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
            ),
            f'<text x="{width / 2:g}" y="22" text-anchor="middle" fill="#9b9ea4">{html.escape(self._title)}</text>',
        ]
        for number in range(self._num_rows):
            parts += self._row(number)
        parts.append(f'<rect x="{x:g}" y="{y + 2:g}" width="2" height="{CELL_HEIGHT - 3}" fill="{FOREGROUND}"/>')
        return "\n".join([*parts, "</svg>", ""])

    def _row(self, number: int) -> list[str]:
        cells = self._screen.buffer[number]
        columns = range(self._screen.columns)
        top = BAR_HEIGHT + number * CELL_HEIGHT
        grounds = [
            f'<rect x="{MARGIN + start * CELL_WIDTH:g}" y="{top}" width="{length * CELL_WIDTH:g}" '
            f'height="{CELL_HEIGHT}" fill="{ground}"/>'
            for ground, start, length in _runs([_ground(cells[column]) for column in columns])
            if ground != BACKGROUND
        ]
        styles = [_style(cells[column]) if cells[column].data.strip() else "" for column in columns]
        return grounds + [
            f'<text x="{MARGIN + start * CELL_WIDTH:g}" y="{top + 15}" textLength="{length * CELL_WIDTH:g}" {style}>'
            f"{html.escape(''.join(cells[column].data for column in range(start, start + length)))}</text>"
            for style, start, length in _runs(styles)
            if style
        ]


def _runs(values: list[str]) -> list[tuple[str, int, int]]:
    """Equal neighbours together: (value, start, length)."""
    runs: list[tuple[str, int, int]] = []
    for place, value in enumerate(values):
        if runs and runs[-1][0] == value:
            runs[-1] = (value, runs[-1][1], runs[-1][2] + 1)
        else:
            runs.append((value, place, 1))
    return runs


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    return COLOURS.get(name) or (f"#{name}" if len(name) == 6 else FOREGROUND)


def _ground(cell: Char) -> str:
    return _colour(cell.fg, FOREGROUND) if cell.reverse else _colour(cell.bg, BACKGROUND)


def _style(cell: Char) -> str:
    colour = _colour(cell.bg, BACKGROUND) if cell.reverse else _colour(cell.fg, FOREGROUND)
    weight = ' font-weight="bold"' if cell.bold else ""
    return f'fill="{colour}"{weight}' + (' font-style="italic"' if cell.italics else "")
