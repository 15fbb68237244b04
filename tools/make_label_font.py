"""Writes heed/inspect/label_font.txt: the letters of labels in PNG pictures.

Needs Pillow and DejaVu Sans (Debian: fonts-dejavu-core).

    tools/make_label_font.py /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf heed/inspect/label_font.txt
"""

import sys

from PIL import Image, ImageDraw, ImageFont

SIZE = 22
BASELINE = 24  # of the canvas on which a letter is drawn
HEIGHT = 32
RANGES = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x386, 0x3CE), (0x400, 0x45F), (0x2010, 0x2015),
    (0x2018, 0x201E), (0x2020, 0x2022), (0x2026, 0x2026), (0x2030, 0x2030), (0x2032, 0x2033),
    (0x2039, 0x203A), (0x2070, 0x2079), (0x2080, 0x2089), (0x20AC, 0x20AC), (0x2122, 0x2122),
    (0x2190, 0x2194), (0x21B5, 0x21B5), (0x21E5, 0x21E5), (0x2205, 0x2205), (0x2211, 0x2212),
    (0x221A, 0x221A), (0x221E, 0x221E), (0x2260, 0x2260), (0x2264, 0x2265), (0x2423, 0x2423),
    (0x2581, 0x2581), (0x25A1, 0x25A1), (0xFFFD, 0xFFFD),
]

HEAD = f"""\
# DejaVu Sans at {SIZE} pixels, made by tools/make_label_font.py. Fonts are (c) Bitstream; DejaVu
# changes are in public domain; the licence allows copies: https://dejavu-fonts.github.io/License.html
# A line a letter: code point, advance, left and top (from the pen on the baseline, downwards),
# width, height; then rows of coverage: . for nothing, 1 to 9.
"""


def glyph_line(font, code):
    character = chr(code)
    canvas = Image.new("L", (64, HEIGHT), 0)
    ImageDraw.Draw(canvas).text((16, BASELINE), character, font=font, fill=255, anchor="ls")
    box = canvas.getbbox() or (16, BASELINE, 16, BASELINE)
    left, top, right, bottom = box
    rows = "".join(
        ".123456789"[(canvas.getpixel((x, y)) * 9 + 127) // 255]
        for y in range(top, bottom) for x in range(left, right))
    advance = font.getlength(character)
    return f"{code:04X} {advance:g} {left - 16} {top - BASELINE} {right - left} {bottom - top} {rows}".rstrip() + "\n"


def main():
    font = ImageFont.truetype(sys.argv[1], SIZE, layout_engine=ImageFont.Layout.BASIC)
    missing = glyph_line(font, 0x10FFFE).split(" ", 1)[1]
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write(HEAD)
        for first, last in RANGES:
            for code in range(first, last + 1):
                line = glyph_line(font, code)
                if line.split(" ", 1)[1] != missing:
                    out.write(line)


if __name__ == "__main__":
    main()
