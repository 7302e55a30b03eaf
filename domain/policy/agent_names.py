"""The words of an agent's name as a prescriber wrote it, without what is no part of the name (R12).

Strength, form, device, salt, frequency and the words injection and infusion are no part of a name. A route is none
either, but it is returned, because one ingredient can have products for several routes. Every other word is part of
the name: `not Tysabri` and `Tysabri antibodies` are not Tysabri.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

ROUTES: Final = {
    "intravenous": "intravenous", "intravenously": "intravenous", "iv": "intravenous", "ivpb": "intravenous",
    "subcutaneous": "subcutaneous", "subcutaneously": "subcutaneous", "sc": "subcutaneous", "subq": "subcutaneous",
    "subcut": "subcutaneous", "sq": "subcutaneous", "sub": "subcutaneous",
    "oral": "oral", "orally": "oral", "po": "oral", "tablet": "oral", "tablets": "oral", "tab": "oral", "tabs": "oral",
    "capsule": "oral", "capsules": "oral", "cap": "oral", "caps": "oral",
}  # fmt: skip
"""Each word that states a route, with the route."""

_ROUTES_WITHOUT_PRODUCTS: Final = frozenset({"intramuscular", "intramuscularly", "im", "q", "cutaneous", "route"})
_FORMS: Final = frozenset({
    "infusion", "infusions", "infused", "injection", "injections", "injectable", "inj", "solution", "suspension",
    "powder", "concentrate", "vial", "vials", "kit", "pack", "package", "carton", "starter", "titration",
    "initiation", "maintenance", "loading", "dose", "doses", "dosing", "generic", "biosimilar", "brand", "er", "xr",
    "dr", "ir", "odt", "orally", "disintegrating", "extended", "delayed", "release", "film", "coated", "enteric",
})  # fmt: skip
_DEVICES: Final = frozenset({
    "pen", "pens", "autoinjector", "autoinjectors", "auto", "injector", "prefilled", "pre", "filled", "syringe",
    "syringes", "device", "sensoready", "rebidose", "rebiject", "rebismart", "betaconnect", "betaject", "autoject",
    "on", "body",
})  # fmt: skip
_STRENGTHS: Final = frozenset({
    "mg", "mcg", "g", "ug", "gram", "grams", "ml", "cc", "iu", "miu", "mu", "unit", "units", "million", "milligrams",
    "micrograms", "strength",
})  # fmt: skip
_SALTS: Final = frozenset({
    "hydrochloride", "hcl", "dihydrochloride", "sodium", "acetate", "maleate", "mesylate", "fumarate", "fumaric",
    "acid", "citrate", "phosphate", "succinate", "bitartrate", "hemifumarate",
})  # fmt: skip
_FREQUENCIES: Final = frozenset({
    "daily", "weekly", "biweekly", "monthly", "bimonthly", "quarterly", "yearly", "annual", "annually", "semiannual",
    "semiannually", "hourly", "once", "twice", "thrice", "one", "two", "three", "four", "six", "times", "time", "x",
    "a", "per", "every", "each", "other", "day", "days", "week", "weeks", "wk", "wks", "month", "months", "mo", "mos",
    "year", "years", "yr", "hours", "hrs", "qd", "qod", "bid", "tid", "qid", "tiw", "biw", "qw", "qwk", "qweek", "qm",
    "qmonth", "qday", "qam", "qpm", "qhs", "eod", "prn",
})  # fmt: skip
_JOINING: Final = frozenset({"and", "or", "aka", "as", "is", "mouth", "by", "i", "e"})

NO_PART_OF_A_NAME: Final = frozenset().union(
    ROUTES, _ROUTES_WITHOUT_PRODUCTS, _FORMS, _DEVICES, _STRENGTHS, _SALTS, _FREQUENCIES, _JOINING
)
_NUMBER: Final = re.compile(
    r"x\d+|q?\d+(?:mg|mcg|g|ug|ml|cc|iu|miu|mu|units?|x|h|d|w|m|k|hrs?|hours?|days?|wks?|weeks?|mos?|months?|years?)?"
)

_INTERFERON: Final = re.compile(
    r"\b(?P<peg>peg(?:ylated)?[\s-]*)?(?:(?:ifn|interferon)[\s-]*(?:beta|b)|beta[\s-]*(?:ifn|interferon))(?![a-z])"
    r"(?:[\s-]*1[\s-]*(?P<kind>[ab])\b)?"
)
_SEPARATED: Final = re.compile(r"(?P<hyphen>-?)(?P<word>[a-z0-9]+)")


class Word(NamedTuple):
    """One word of a name. `suffixed` states whether a hyphen joins the word to the one before it."""

    text: str
    suffixed: bool


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[Word, ...]:
    """The words of a name in lower case, with `IFN` and `β` written out and without accents and trademark signs.

    >>> [word.text for word in words_of("IFN-β1a (Avonex®) 30µg")]
    ['interferon', 'beta', '1a', 'avonex', '30', 'g']
    """
    plain = re.sub("[®™©]", " ", name).replace("ß", " beta ")
    plain = unicodedata.normalize("NFKD", plain).casefold().replace("β", " beta ")
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    plain = _INTERFERON.sub(_interferon, plain)
    return tuple(Word(one["word"], one["hyphen"] == "-") for one in _SEPARATED.finditer(plain))


def _interferon(match: re.Match[str]) -> str:
    kind = f" 1{match['kind']}" if match["kind"] else " "
    return f" {'peg' if match['peg'] else ''}interferon beta{kind}"


def is_part_of_a_name(word: str) -> bool:
    """Whether a word is part of a name, and not a strength, a form, a route, a device, a salt or a frequency (R12).

    >>> [word for word in ("30", "mcg", "600mg", "weekly", "q6mo", "1a", "not") if is_part_of_a_name(word)]
    ['1a', 'not']
    """
    return word not in NO_PART_OF_A_NAME and _NUMBER.fullmatch(word) is None


def without_strength(words: tuple[Word, ...]) -> str:
    """The words that are part of the name, and bare numbers, which may be: `study drug 7` is not `study drug 8`.

    >>> without_strength(words_of("Tysabry 300 mg IV")), without_strength(words_of("Study-drug 7"))
    ('tysabry', 'study drug 7')
    """
    units = (*(word.text for word in words[1:]), "")
    kept = (
        word.text
        for word, unit in zip(words, units, strict=False)
        if is_part_of_a_name(word.text) or (word.text.isdigit() and unit not in _STRENGTHS)
    )
    return " ".join(kept)


def routes_of(words: tuple[Word, ...]) -> tuple[str, ...]:
    """The routes that the words state, each once."""
    return tuple(sorted({ROUTES[word.text] for word in words if word.text in ROUTES}))
