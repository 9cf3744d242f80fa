"""Find the title that a line names: exactly, then under looser folds, then by the part that only one title has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from itdr_hf.tasks.reading import folds

Fits = tuple[str, ...]
_ROOM = 300  # characters of a line that are looked at beyond the longest title
_NUMBER = re.compile(
    r"(?:(?:candidates?|items?|options?|numbers?|no\.?|movies?|films?|books?|games?|products?|titles?|nr\.?)\s*)?"
    r"[#\[({<]{0,2}\s?(?:item\s?)?(\d{1,3})\s?[\])}>]{0,2}[.,;:]?",
    re.IGNORECASE,
)
_DELIMITED = re.compile(
    r"""(\*{1,3}|__|`|")(?P<title>[^\n]{1,400}?)\1(?!\w)|[“«《](?P<quoted>[^\n”»》]{1,400})[”»》]"""
)
_AFTER = re.compile(
    r"\s+[-–—|→←<]+\s+|\s*[:：]\s+|\s*\t\s*|\s*[\[({](?=\S)|,\s+(?=[a-z]|[A-Z][a-z]{1,15}\s?[:=])|[.;]\s+|\s+(?=because\b|since\b)"
)
_LABEL = re.compile(
    r"""(?:(?:candidates?|items?|options?|movies?|films?|books?|games?|products?|titles?|songs?|tracks?|artists?|bands?|anime|series|
      shows?|news|articles?|names?|recommendations?|top\spick|pick|choice|next|best(?:\s(?:match|fit|pick))?)
      \s?\#?(?:\d{1,3}|\(\d{1,3}\)|[A-Z])?[*_"]{0,3}\s?[:：=]\s?[*_]{0,3} | [\[(][^\[\]()\n]{1,60}[\])]\s)\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_YEAR_NEXT = re.compile(rf"\s*{folds.YEAR.pattern.removesuffix('$')}", re.IGNORECASE)
_DATED = re.compile(r"\s*[(\[](?:1[89]|20)\d\d(?:\s?[-–]\s?(?:\d{4})?)?[)\]]")
_SMALL = frozenset(
    {"of", "the", "and", "in", "a", "an", "to", "for", "on", "at", "by", "from", "with", "or", "vs", "de", "la"}
)
_LONGEST_NUMBER = 40  # characters of a line that is a number of the prompt, '**Candidate [12]**'
_CUTS = 8  # places of a line where a title may end


class TitleIndex:
    """The titles that an answer may name, as shown in the prompt, ready to be looked up.

    `shown` holds the lines of the prompt ('Title [Category]'), in the order of `titles`; `numbered` says whether
    the prompt numbers them, so that '3' or '[3]' names the third. What is a title of `past`, the history, is never
    taken for the first words of a candidate.
    """

    def __init__(
        self, titles: Sequence[str], shown: Sequence[str] = (), *, past: Sequence[str] = (), numbered: bool = True
    ) -> None:
        self.titles = list(titles)
        self.shown = list(shown) or self.titles
        self.exact = {line: title for lines in (self.shown, self.titles) for line, title in zip(lines, titles)}  # noqa: B905
        self.longest = max(map(len, [*self.titles, *self.shown]), default=0)
        self._numbered, self._past = numbered, past
        self._seen: dict[str, Fits] = {}
        self._pieces: dict[re.Pattern[str], int] = {}
        self._tiers: dict[int, dict[str, Fits]] = {}

    def strict(self, line: str) -> str | None:
        """Return the title that a line is, exactly as it is shown."""
        return self.exact.get(line)

    def line(self, line: str) -> Fits:
        """Return the titles that a line may name: none, the one, or several where it fits more than one alike."""
        line = line[: self.longest + _ROOM]
        if (fits := self._seen.get(line)) is None:
            fits = self.whole(line) or self._delimited(line) or self._number(line) or self._labelled(line)
            self._seen[line] = fits = fits or self._start(line)
        return fits

    def whole(self, line: str, *, short: bool = True) -> Fits:
        """Return the titles that a line as a whole may be; `short` allows parts of titles."""
        if line in self.exact:
            return (self.exact[line],)
        if len(line) > self.longest + _ROOM:
            return ()
        if fits := self._tier(0).get(folds.norm(line), ()):
            return fits
        if not self._possible(line):
            return ()
        for place in range(1, len(_FOLDS) if short else len(_FOLDS) - 1):
            if fits := self._tier(place).get(_FOLDS[place](line), ()):
                return fits
        return ()

    def cut_in_its_year(self, line: str) -> Fits:
        """Return the titles that a line says but for the end of their year: 'Heat (19' is Heat (1995)."""
        line = folds.strip_outer(line)
        short = folds.without_begun_year(line)
        return self._tier(5).get(folds.bare(short), ()) if short != line else ()

    def is_title(self, line: str) -> bool:
        """Whether a line says a title and nothing else, all of it but perhaps the year."""
        return bool(self.whole(folds.strip_outer(line), short=False))

    def is_as_written(self, line: str) -> bool:
        """Whether a line is a title with every mark of it: '1. First of the List' is, '- Heat' is not."""
        return folds.norm(line) in self._tier(0)

    def _possible(self, line: str) -> bool:
        """Whether any tier can know a line: one with another word than the titles have is turned away after one fold."""
        return self._words.issuperset(folds.bare(folds.without_year(line)).split())

    @cached_property
    def _words(self) -> frozenset[str]:
        lines = {form for line in (*self.titles, *self.shown) for form in (line, folds.fronted(line))}
        return frozenset(word for line in lines for word in folds.bare(line).split())

    def number(self, text: str) -> str | None:
        """Return the title that stands under a number in the prompt."""
        place = int(text) - 1
        return self.titles[place] if self._numbered and 0 <= place < len(self.titles) else None

    def most_pieces(self, separator: re.Pattern[str]) -> int:
        """Return how many pieces a separator takes a title apart into, at most."""
        if separator not in self._pieces:
            self._pieces[separator] = 1 + max((len(separator.findall(title)) for title in self.titles), default=0)
        return self._pieces[separator]

    def _tier(self, place: int) -> dict[str, Fits]:
        """Return what a fold knows, made when it is first asked for: most answers need but the strictest."""
        if place not in self._tiers:
            self._tiers[place] = self._made(place)
        return self._tiers[place]

    def _made(self, place: int) -> dict[str, Fits]:
        if place < 3:
            return self._known(_FOLDS[place], _itself)
        if place == 3:
            return self._tier(2)  # a line's year may go where the title has none
        if place == 4:
            return self._known(str, _dated)
        if place == 5:
            return self._known(folds.bare, _yearless)
        seen = {folds.bare(form) for title in self._past for form in (title, folds.without_year(title))}
        return {key: titles for key, titles in self._known(folds.bare, _parts).items() if key not in seen}

    def _known(self, fold: Callable[[str], str], forms: Callable[[str], Iterator[str]]) -> dict[str, Fits]:
        """Return fold -> the titles that have it."""
        known: dict[str, dict[str, None]] = {}
        for title, shown in zip(self.titles, self.shown, strict=True):
            for form in (*forms(title), *forms(shown)):
                if key := fold(form):
                    known.setdefault(key, {})[title] = None
        return {key: tuple(titles) for key, titles in known.items()}

    def _delimited(self, line: str) -> Fits:
        """Read a line that begins with a title in quotes or bold: more may follow."""
        inner, _ = _delimited(line)
        return self.whole(inner) or self._start(inner) if inner else ()

    def _labelled(self, line: str) -> Fits:
        """Read a line that says first what it names: 'Title: Heat', 'Candidate 2: Heat', '[Crime] Heat'."""
        label = _LABEL.match(line.lstrip(folds.OUTER))
        rest = line.lstrip(folds.OUTER)[label.end() :] if label else ""
        return self.whole(rest) or self._start(rest) if rest else ()

    def _number(self, line: str) -> Fits:
        found = _NUMBER.fullmatch(line.strip(folds.OUTER)) if self._numbered and len(line) < _LONGEST_NUMBER else None
        title = self.number(found[1]) if found else None
        return (title,) if title is not None else ()

    def _start(self, line: str) -> Fits:
        """Read a line that begins with a title, a label or a reason behind it; the longest such title."""
        _, end = _delimited(line)  # what quotes hold is not cut: more of it is another title
        cuts = [cut for _, cut in zip(range(_CUTS), _AFTER.finditer(line), strict=False)]
        for cut in reversed([cut for cut in cuts if cut.start() >= end]):
            start, rest = line[: cut.start()], line[cut.start() :]
            if cut.group().strip() in ("(", "[", "{") and not re.search(r"[)\]}]", rest):
                continue  # cut within the brackets: whose they are is not known
            if _YEAR_NEXT.match(rest):
                fits = self.whole(start, short=False) and self._yearless_only(start)
            else:
                fits = self.whole(start)
            if len(fits) == 1 and self._remark(fits[0], start, cut.group(), line[cut.end() :]):
                return fits
        return ()

    def _yearless_only(self, start: str) -> Fits:
        """Before another year only a title that has none itself can be meant."""
        fits = self._tier(2).get(folds.bare(start), ())
        return tuple(title for title in fits if folds.without_year(title) == title)

    def _remark(self, title: str, start: str, cut: str, rest: str) -> bool:
        """Whether what follows a title is a remark, and not the rest of another, longer title."""
        if folds.YEAR.search(start) or cut.strip(" :-–—|") != "" or start.strip().endswith(("*", '"', "”", "`")):
            return True
        rest = rest.rstrip(" .*\"”}'_")
        dated = _DATED.search(rest[:_ROOM])
        if dated and (dated.end() == len(rest) or _capital(rest[: dated.start()].split())):
            return False
        if folds.bare(rest) == folds.bare(self._label(title)) != "":
            return True
        words = rest.split()
        return not words or not _capital(words) or len(words) > 6 or words[0][:1].isdigit()

    def _label(self, title: str) -> str:
        shown = self.shown[self.titles.index(title)]
        return shown[len(title) :].strip(" []()") if shown.startswith(title) else ""


def _delimited(line: str) -> tuple[str, int]:
    """Return what the quotes or bold at the start of a line hold, and where these end; '' and 0 where there are none."""
    found = _DELIMITED.match(line, len(line) - len(line.lstrip()))
    return ((found["title"] or found["quoted"]), found.end()) if found else ("", 0)


def _capital(words: Sequence[str]) -> bool:
    """Whether words are written as those of a title are."""
    return all(word[:1].isupper() or word.lower() in _SMALL or word.isdigit() for word in words)


def _itself(title: str) -> Iterator[str]:
    yield from dict.fromkeys((title, folds.fronted(title)))


def _dated(title: str) -> Iterator[str]:
    """Give the parts of a title that has a year, each with it: 'Seven (1995)' of 'Seven (a.k.a. Se7en) (1995)'."""
    if year := folds.year_of(title):
        yield from (f"{folds.bare(part)} ({year})" for part in _parts(title))


def _key_and_year(line: str) -> str:
    year = folds.year_of(line)
    return f"{folds.bare(folds.without_year(line))} ({year})" if year else ""


def _parts(title: str) -> Iterator[str]:
    """Give what a title may be cut to, then its other names."""
    for part in (*folds.shortened(title), *folds.other_names(title)):
        yield from dict.fromkeys((part, folds.fronted(part)))


def _yearless(title: str) -> Iterator[str]:
    """Give a title without its year, if it has one."""
    short = folds.without_year(title)
    if short != title:
        yield from dict.fromkeys((short, folds.fronted(short)))


_FOLDS: tuple[Callable[[str], str], ...] = (
    folds.norm,
    folds.typographic,
    folds.bare,
    lambda line: folds.bare(folds.without_year(line)),
    _key_and_year,
    folds.bare,
    folds.bare,
)  # how a line is compared, from the strictest; the last knows parts of titles
