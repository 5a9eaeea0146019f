"""A table that is printed row by row, cells wrapped to the terminal."""

import shutil
import textwrap


class Table:
    def __init__(self, headings):
        all_columns = max(80, min(160, shutil.get_terminal_size().columns))
        texts = all_columns - 4 - 7 - 8  # Item, verdict, four gaps.
        self.widths = [4, texts * 3 // 10, texts * 3 // 10, 0, 7]
        self.widths[3] = texts - self.widths[1] - self.widths[2]
        self.row(headings)
        self.row(["-" * width for width in self.widths])

    def row(self, cells):
        wrapped = [textwrap.wrap(cell, width) or [""]
                   for cell, width in zip(cells, self.widths)]
        for i in range(max(map(len, wrapped))):
            line = "  ".join((cell[i] if i < len(cell) else "").ljust(width)
                             for cell, width in zip(wrapped, self.widths))
            print(line.rstrip(), flush=True)
