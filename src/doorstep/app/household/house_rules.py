"""Privacy and terms as the operator wrote them: ``privacy.txt`` and ``terms.txt`` beside the data, or, for one
language, ``privacy.de.txt``. Paragraphs are apart by an empty line. Where there is none, our own words are shown.
"""

from pathlib import Path
from typing import Final, Literal

from django.conf import settings

from doorstep.app.say import spoken

What = Literal["privacy", "terms"]
MOST: Final = 200_000  # bytes read


def written(what: What) -> tuple[str, ...]:
    """The operator's paragraphs in the spoken language, else in any; () = there are none."""
    for name in (f"{what}.{spoken()}.txt", f"{what}.txt"):
        path = Path(settings.DATA_DIR) / name
        if path.is_file():
            text = path.read_bytes()[:MOST].decode(errors="replace")
            return tuple(one.strip() for one in text.replace("\r\n", "\n").split("\n\n") if one.strip())
    return ()
