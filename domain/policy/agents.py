"""Disease-modifying agents for MS: ingredient, route, brand (R11, R12, R13).

Products are matched by ingredient and route. Generics, biosimilars and withdrawn brands of a listed ingredient
therefore count like the brand that the appendix of an edition names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache
from typing import Literal

from domain.policy.agent_names import Word, is_part_of_a_name, routes_of, without_strength, words_of

AgentKind = Literal[
    "disease_modifying",  # used for MS; it counts if the edition lists its ingredient and route
    "ambiguous",  # a name without a route that two products share, one of them listed (R13)
    "lemtrada",  # this drug, or its ingredient without a brand; never one of the two agents (R11)
    "campath",  # another product of the same ingredient; shown but not counted (R18)
    "not_disease_modifying",  # steroids and symptom drugs; they never count (R12)
    "unknown",  # a name that is not recognized; it may be any other agent (R12)
]


@dataclass(frozen=True, slots=True)
class Product:
    """One brand, or one generic name, of an agent.

    `brand` is None for a generic name. A generic and its brand are one agent. Two brands of one ingredient could be
    counted separately, which is open to judgment (R11). `route` is empty if it is not known.
    """

    ingredient: str
    route: str
    brand: str | None
    kind: AgentKind = "disease_modifying"

    @property
    def agent(self) -> str:
        """The ingredient with its route, such as `ofatumumab (subcutaneous)`."""
        return f"{self.ingredient} ({self.route})" if self.route else self.ingredient


_Table = dict[tuple[str, ...], tuple[str, Product]]
"""Each name by its words, as it is displayed, with its product."""


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.text for word in words_of(name))


def _brands(ingredient: str, route: str, *brands: str, kind: AgentKind = "disease_modifying") -> _Table:
    return {_words(one): (one, Product(ingredient, route, " ".join(_words(one)), kind)) for one in brands}


def _generics(ingredient: str, route: str, *names: str, kind: AgentKind = "disease_modifying") -> _Table:
    return {_words(one): (one, Product(ingredient, route, None, kind)) for one in names}


def _aliases_of(brand: str, products: _Table, *aliases: str) -> _Table:
    return {_words(alias): (alias, products[_words(brand)][1]) for alias in aliases}


_BRANDS_WITH_ALIASES = (
    _brands("peginterferon beta-1a", "injection", "Plegridy")
    | _brands("glatiramer acetate", "injection", "Copaxone", "Glatopa")
    | _brands("fingolimod", "oral", "Gilenya", "Tascenso ODT")
    | _brands("natalizumab", "intravenous", "Tysabri", "Tyruko")
    | _brands("ocrelizumab", "intravenous", "Ocrevus")
    | _brands("ocrelizumab", "subcutaneous", "Ocrevus Zunovo")
    | _brands("ublituximab", "intravenous", "Briumvi")
    | _brands("ofatumumab", "subcutaneous", "Kesimpta")
    | _brands("ofatumumab", "intravenous", "Arzerra")
    | _brands("cladribine", "oral", "Mavenclad")
    | _brands("cladribine", "intravenous", "Leustatin")
)

_PRODUCTS: _Table = {
    **_brands("interferon beta-1a", "injection", "Avonex", "Rebif"),
    **_brands("interferon beta-1b", "injection", "Betaseron", "Extavia"),
    **_BRANDS_WITH_ALIASES,
    **_brands("teriflunomide", "oral", "Aubagio"),
    **_brands("monomethyl fumarate", "oral", "Bafiertam"),
    **_brands("dimethyl fumarate", "oral", "Tecfidera"),
    **_brands("diroximel fumarate", "oral", "Vumerity"),
    **_brands("siponimod", "oral", "Mayzent"),
    **_brands("ponesimod", "oral", "Ponvory"),
    **_brands("ozanimod", "oral", "Zeposia"),
    # Generic names, with their routes as MS agents.
    **_generics("interferon beta-1a", "injection", "interferon beta-1a"),
    **_generics("interferon beta-1b", "injection", "interferon beta-1b"),
    **_generics("glatiramer acetate", "injection", "glatiramer acetate", "glatiramer"),
    **_generics("fingolimod", "oral", "fingolimod"),
    **_generics("teriflunomide", "oral", "teriflunomide"),
    **_generics("monomethyl fumarate", "oral", "monomethyl fumarate"),
    **_generics("dimethyl fumarate", "oral", "dimethyl fumarate"),
    **_generics("diroximel fumarate", "oral", "diroximel fumarate"),
    **_generics("siponimod", "oral", "siponimod"),
    **_generics("ponesimod", "oral", "ponesimod"),
    **_generics("ozanimod", "oral", "ozanimod"),
    **_generics("peginterferon beta-1a", "injection", "peginterferon beta-1a"),
    **_generics("natalizumab", "intravenous", "natalizumab"),
    **_generics("ocrelizumab", "intravenous", "ocrelizumab"),
    **_generics("ublituximab", "intravenous", "ublituximab"),
    # Names that belong to only one brand.
    **_aliases_of("Tascenso ODT", _BRANDS_WITH_ALIASES, "Tascenso"),
    **_aliases_of("Tyruko", _BRANDS_WITH_ALIASES, "natalizumab-sztn"),
    **_aliases_of(
        "Ocrevus Zunovo",
        _BRANDS_WITH_ALIASES,
        "ocrelizumab and hyaluronidase",
        "ocrelizumab and hyaluronidase-ocsq",
        "ocrelizumab and hyaluronidase-human-ocsq",
        "ocrelizumab hyaluronidase",
        "ocrelizumab hyaluronidase-ocsq",
    ),
    **_aliases_of("Briumvi", _BRANDS_WITH_ALIASES, "ublituximab-xiiy", "ublituximab-xiiv", "ublituximab-xiij"),
    # Names without a route that two products share (R13).
    **_generics("ofatumumab", "", "ofatumumab", kind="ambiguous"),
    **_generics("cladribine", "", "cladribine", kind="ambiguous"),
    # This drug, and the other product of its ingredient (R18).
    **_brands("alemtuzumab", "intravenous", "Lemtrada", kind="lemtrada"),
    **_generics("alemtuzumab", "intravenous", "alemtuzumab", kind="lemtrada"),
    **_brands("alemtuzumab", "intravenous", "Campath", "MabCampath", kind="campath"),
    # Used for MS, but not in the appendix of any edition: open to judgment (R12).
    **_brands("rituximab", "intravenous", "Rituxan", "MabThera", "Truxima", "Ruxience", "Riabni"),
    **_brands("rituximab", "subcutaneous", "Rituxan Hycela"),
    **_generics("rituximab", "intravenous", "rituximab"),
    **_brands("mitoxantrone", "intravenous", "Novantrone"),
    **_generics("mitoxantrone", "intravenous", "mitoxantrone"),
    **_brands("daclizumab", "injection", "Zinbryta"),
    **_generics("daclizumab", "injection", "daclizumab"),
    **_brands("azathioprine", "oral", "Imuran"),
    **_generics("azathioprine", "oral", "azathioprine"),
    **_generics("cyclophosphamide", "intravenous", "cyclophosphamide"),
    **_generics("methotrexate", "oral", "methotrexate"),
    **_brands("mycophenolate mofetil", "oral", "CellCept"),
    **_generics("mycophenolate mofetil", "oral", "mycophenolate mofetil", "mycophenolate"),
}

_NEVER_COUNT: dict[tuple[str, ...], str] = {
    _words(name): name
    for name in (
        *"""
        methylprednisolone prednisolone prednisone dexamethasone hydrocortisone corticotropin betamethasone
        dalfampridine fampridine Ampyra Fampyra baclofen Lioresal tizanidine Zanaflex dantrolene gabapentin pregabalin
        amantadine modafinil Provigil armodafinil methylphenidate oxybutynin tolterodine solifenacin mirabegron
        duloxetine carbamazepine onabotulinumtoxinA Botox nabiximols Sativex Acthar Medrol Solumedrol
        """.split(),  # noqa: SIM905 - a list of words reads best as words
        "Solu-Medrol", "Acthar Gel", "Depo-Medrol", "methylprednisolone sodium succinate", "vitamin D",
    )
}  # fmt: skip
"""Steroids and symptom drugs, which never count (R12)."""

_NAMES: dict[tuple[str, ...], Product] = {words: product for words, (_, product) in _PRODUCTS.items()} | {
    words: Product(" ".join(words), "", None, "not_disease_modifying") for words in _NEVER_COUNT
}
_LONGEST = max(map(len, _NAMES))
_DISPLAYED: dict[str, str] = {
    " ".join(words): name
    for words, name in (*((words, name) for words, (name, _) in _PRODUCTS.items()), *_NEVER_COUNT.items())
}
_OF_ROUTE = frozenset((one.ingredient, one.route) for one in _NAMES.values() if one.route)
_BIOLOGIC = re.compile("[a-z]+mab")
_SUFFIX = re.compile("[a-z]{4}")


@lru_cache(maxsize=4096)
def recognize(name: str) -> Product:
    """The product of a name as it was written. The kind is `unknown` if the name is not recognized (R12).

    A name with two names of one ingredient is one product. A name with two ingredients is not recognized.

    >>> recognize("ocrevus_zunovo").agent, recognize("Avonex 30 mcg IM weekly").brand
    ('ocrelizumab (subcutaneous)', 'avonex')
    >>> recognize("natalizumab-abcd").ingredient, recognize("IFN-β1a").agent
    ('natalizumab', 'interferon beta-1a (injection)')
    >>> recognize("ofatumumab").kind, recognize("ofatumumab SC").agent, recognize("Kesimpta (ofatumumab)").brand
    ('ambiguous', 'ofatumumab (subcutaneous)', 'kesimpta')
    >>> recognize("Tysabry").kind, recognize("Avonex and Tysabri").kind, recognize("no Tysabri").kind
    ('unknown', 'unknown', 'unknown')
    """
    words = words_of(name)
    found = _products_in(words)
    product = _one_product(found) if found else None
    if product is None:
        plain = without_strength(words) or " ".join(word.text for word in words) or name
        return Product(plain, "", plain, "unknown")
    return _by_route(product, routes_of(words))


def _products_in(words: tuple[Word, ...]) -> list[Product] | None:
    """The products that the words name. None if a word is neither part of a known name nor a strength or a form."""
    found: list[Product] = []
    place = 0
    while place < len(words):
        length, product = _product_at(words, place)
        if product is not None:
            found.append(product)
        elif is_part_of_a_name(words[place].text):
            return None
        place += length
    return found


def _product_at(words: tuple[Word, ...], place: int) -> tuple[int, Product | None]:
    """The longest known name that begins at this word, with its number of words."""
    texts = tuple(word.text for word in words[place : place + _LONGEST])
    for length in range(len(texts), 0, -1):
        product = _NAMES.get(texts[:length])
        if product is not None:
            suffix = words[place + length] if place + length < len(words) else None
            if length == 1 and suffix is not None and _is_biosimilar(texts[0], suffix, product):
                # The name of a biosimilar is its ingredient and a suffix of four letters without a meaning.
                return 2, replace(product, brand=f"{texts[0]} {suffix.text}")
            return length, product
    return 1, None


def _is_biosimilar(name: str, suffix: Word, product: Product) -> bool:
    return (
        product.brand is None
        and suffix.suffixed
        and _BIOLOGIC.fullmatch(name) is not None
        and _SUFFIX.fullmatch(suffix.text) is not None
        and is_part_of_a_name(suffix.text)
    )


def _one_product(found: list[Product]) -> Product | None:
    """The one product of all these names, or None if they name two ingredients."""
    if all(one.kind == "not_disease_modifying" for one in found):
        return found[0]
    if len({one.ingredient for one in found}) > 1:
        return None
    by_brand = {one.brand: one for one in found if one.brand is not None}
    if len(by_brand) == 1:
        return next(iter(by_brand.values()))
    of_kinds = {(one.route, one.kind) for one in by_brand.values() or found}
    if len(of_kinds) == 1:
        return replace(found[0], brand=None) if by_brand else found[0]
    if any(one.kind == "lemtrada" for one in found):
        # Lemtrada and Campath in one name say as little about the product as the ingredient does (R18).
        return replace(next(one for one in found if one.kind == "lemtrada"), brand=None)
    return Product(found[0].ingredient, "", None, "ambiguous")


def _by_route(found: Product, routes: tuple[str, ...]) -> Product:
    """The product with the route in its name. With another route than its own, it is another product (R13)."""
    if (
        len(routes) != 1
        or found.route in (*routes, "injection")
        or found.kind not in ("disease_modifying", "ambiguous")
    ):
        return found
    (route,) = routes
    if (found.ingredient, route) in _OF_ROUTE:
        return Product(found.ingredient, route, None)
    return found if found.route == "" else replace(found, route=route)


# -- the nearest names of one that is not recognized ------------------------------------------

_NEAREST_MAX = 3
_SIMILARITY_MIN = 0.72
_SIMILARITY_LOSS_MAX = 0.12


@lru_cache(maxsize=4096)
def nearest_names(name: str) -> tuple[str, ...]:
    """The known names that are most like one that is not recognized, the nearest first. Often empty.

    >>> nearest_names("Tysabry"), nearest_names("Avonex and Tysabri"), nearest_names("qwerty")
    (('Tysabri',), ('Avonex', 'Tysabri'), ())
    """
    words = [word.text for word in words_of(name) if is_part_of_a_name(word.text)]
    likeness: dict[str, float] = {}
    for text in dict.fromkeys((" ".join(words), *(word for word in words if len(word) > 3))):
        for near in get_close_matches(text, _DISPLAYED, _NEAREST_MAX, _SIMILARITY_MIN) if text else ():
            likeness[near] = max(likeness.get(near, 0), SequenceMatcher(None, near, text).ratio())
    best = max(likeness.values(), default=0)
    near_enough = [one for one in likeness if likeness[one] >= best - _SIMILARITY_LOSS_MAX]
    return tuple(_DISPLAYED[one] for one in sorted(near_enough, key=lambda one: -likeness[one])[:_NEAREST_MAX])


def not_recognized(name: str) -> str:
    """That a name is not recognized, in words, with the names that may have been meant.

    >>> not_recognized("Tysabry"), not_recognized("qwerty")
    ('not recognized, did you mean Tysabri?', 'not recognized')
    """
    *others, last = nearest_names(name) or ("",)
    meant = f"{', '.join(others)} or {last}" if others else last
    return f"not recognized, did you mean {meant}?" if meant else "not recognized"


ListedAgents = frozenset[tuple[str, str]]
"""The agents in the appendix of an edition, as pairs of ingredient and route."""


def listed_agents(names: Iterable[str]) -> ListedAgents:
    """The ingredients and routes of the names in an appendix. Raises ValueError for an unknown name."""
    products = {name: recognize(name) for name in names}
    if unknown := [name for name, one in products.items() if one.kind == "unknown"]:
        raise ValueError(f"no ingredient is known for {', '.join(unknown)}: add it to the table of products")
    return frozenset((one.ingredient, one.route) for one in products.values())


def is_listed(product: Product, appendix: ListedAgents) -> bool:
    """Whether the product is a disease-modifying agent of the appendix, by its ingredient and route (R12)."""
    return product.kind == "disease_modifying" and (product.ingredient, product.route) in appendix


def may_be_listed(product: Product, appendix: ListedAgents) -> bool:
    """Whether the name may be that of an agent of the appendix.

    Two products share the name and one of them is listed (R13), or the name is not recognized (R12).
    """
    if product.kind == "unknown":
        return True
    return product.kind == "ambiguous" and any(ingredient == product.ingredient for ingredient, _ in appendix)


def is_concurrent_agent(product: Product, appendix: ListedAgents) -> bool | None:
    """Whether taking the product together with Lemtrada is concurrent use (NR.2, R12, R17). None: undetermined.

    Only an agent of the appendix is certainly concurrent use. For an agent that is unlisted or has an unknown name, the
    answer is undetermined.
    """
    if is_listed(product, appendix):
        return True
    if product.kind in ("disease_modifying", "ambiguous", "unknown"):
        return None
    return False
