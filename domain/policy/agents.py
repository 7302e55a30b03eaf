"""Disease-modifying agents for MS: ingredient, route, brand (R11, R12, R13).

A product is matched on its ingredient and route, so generics, biosimilars and withdrawn
brands of a listed ingredient count like the brand that an edition's appendix names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

AgentKind = Literal[
    "disease_modifying",  # used for MS: counts where the edition lists its ingredient and route
    "ambiguous",  # a bare name that two products share, one of them listed (R13)
    "lemtrada",  # this drug, or its bare ingredient: never one of the two agents
    "campath",  # the same ingredient as another product: shown, not counted (R18)
    "not_disease_modifying",  # steroids and symptom drugs: never count
    "unknown",  # a name we do not know: does not count by itself, arguable (R12)
]


@dataclass(frozen=True, slots=True)
class Product:
    """One brand, or one generic name, of an agent.

    `brand` is None for a generic name: a generic and its brand are one agent, while two
    brands of one ingredient are two in the eyes of a reader who counts them apart (R11).
    """

    ingredient: str
    route: str
    brand: str | None
    kind: AgentKind = "disease_modifying"

    @property
    def agent(self) -> str:
        return f"{self.ingredient} ({self.route})" if self.route else self.ingredient


def _normal(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.casefold()).strip()


def _brands(ingredient: str, route: str, *brands: str, kind: AgentKind = "disease_modifying") -> dict[str, Product]:
    return {_normal(brand): Product(ingredient, route, _normal(brand), kind) for brand in brands}


def _generics(ingredient: str, route: str, *names: str, kind: AgentKind = "disease_modifying") -> dict[str, Product]:
    return {_normal(name): Product(ingredient, route, None, kind) for name in names}


def _same(brand: str, products: dict[str, Product], *aliases: str) -> dict[str, Product]:
    return {_normal(alias): products[_normal(brand)] for alias in aliases}


_INJECTED = _brands("interferon beta-1a", "injection", "Avonex", "Rebif") | _brands(
    "interferon beta-1b", "injection", "Betaseron", "Extavia"
)
_TWICE_BRANDED = (
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

_PRODUCTS: dict[str, Product] = {
    **_INJECTED,
    **_TWICE_BRANDED,
    **_brands("teriflunomide", "oral", "Aubagio"),
    **_brands("monomethyl fumarate", "oral", "Bafiertam"),
    **_brands("dimethyl fumarate", "oral", "Tecfidera"),
    **_brands("diroximel fumarate", "oral", "Vumerity"),
    **_brands("siponimod", "oral", "Mayzent"),
    **_brands("ponesimod", "oral", "Ponvory"),
    **_brands("ozanimod", "oral", "Zeposia"),
    # Generic names, with the routes they have as MS agents.
    **_generics("interferon beta-1a", "injection", "interferon beta-1a"),
    **_generics("interferon beta-1b", "injection", "interferon beta-1b"),
    **_generics("glatiramer acetate", "injection", "glatiramer acetate", "glatiramer"),
    **_generics("fingolimod", "oral", "fingolimod", "fingolimod hydrochloride"),
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
    **_generics("ofatumumab", "subcutaneous", "ofatumumab subcutaneous", "subcutaneous ofatumumab"),
    **_generics("ofatumumab", "intravenous", "ofatumumab intravenous", "intravenous ofatumumab"),
    **_generics("cladribine", "oral", "cladribine tablets", "oral cladribine", "cladribine oral"),
    **_generics("cladribine", "intravenous", "cladribine intravenous", "intravenous cladribine"),
    # A name that belongs to one brand alone is that brand.
    **_same("Tascenso ODT", _TWICE_BRANDED, "Tascenso"),
    **_same("Tyruko", _TWICE_BRANDED, "natalizumab-sztn"),
    **_same(
        "Ocrevus Zunovo",
        _TWICE_BRANDED,
        "ocrelizumab and hyaluronidase",
        "ocrelizumab and hyaluronidase-ocsq",
        "ocrelizumab hyaluronidase-ocsq",
    ),
    **_same("Briumvi", _TWICE_BRANDED, "ublituximab-xiiy", "ublituximab-xiiv", "ublituximab-xiij"),
    # One bare name, two products (R13).
    **_generics("ofatumumab", "", "ofatumumab", kind="ambiguous"),
    **_generics("cladribine", "", "cladribine", kind="ambiguous"),
    # This drug, and the other product of its ingredient (R18).
    **_brands("alemtuzumab", "intravenous", "Lemtrada", kind="lemtrada"),
    **_generics("alemtuzumab", "intravenous", "alemtuzumab", kind="lemtrada"),
    **_brands("alemtuzumab", "intravenous", "Campath", "MabCampath", kind="campath"),
    # Used for MS, on no edition's list: arguable (R12).
    **_brands("rituximab", "intravenous", "Rituxan", "MabThera", "Truxima", "Ruxience", "Riabni"),
    **_generics("rituximab", "intravenous", "rituximab", "rituximab-abbs", "rituximab-pvvr", "rituximab-arrx"),
    **_brands("mitoxantrone", "intravenous", "Novantrone"),
    **_generics("mitoxantrone", "intravenous", "mitoxantrone"),
    **_brands("daclizumab", "injection", "Zinbryta"),
    **_generics("daclizumab", "injection", "daclizumab"),
}

_NEVER_COUNT = frozenset(
    _normal(name)
    for name in """
        methylprednisolone prednisolone prednisone dexamethasone hydrocortisone corticotropin betamethasone
        dalfampridine fampridine ampyra baclofen lioresal tizanidine zanaflex dantrolene gabapentin pregabalin
        amantadine modafinil provigil armodafinil methylphenidate oxybutynin tolterodine solifenacin mirabegron
        duloxetine carbamazepine onabotulinumtoxina botox nabiximols sativex acthar medrol
    """.split()  # noqa: SIM905 - a list of words reads best as words
) | {
    _normal(name)
    for name in ("Solu-Medrol", "Solumedrol", "Acthar Gel", "Depo-Medrol", "methylprednisolone sodium succinate")
}


ROUTE_WORDS = {
    "intravenous": "intravenous", "iv": "intravenous", "subcutaneous": "subcutaneous", "sc": "subcutaneous",
    "subq": "subcutaneous", "oral": "oral", "tablet": "oral", "tablets": "oral", "capsule": "oral", "capsules": "oral",
}  # fmt: skip
FORM_WORDS = frozenset({
    "infusion", "injection", "injections", "solution", "generic", "biosimilar", "er", "xr", "dr", "odt", "extended",
    "delayed", "release", "pen", "autoinjector", "intramuscular", "im", "prefilled", "syringe", "mg", "mcg", "ml",
})  # fmt: skip
_FURTHER_WORDS = FORM_WORDS | ROUTE_WORDS.keys()


@lru_cache(maxsize=4096)
def recognise(name: str) -> Product:
    """The product behind a name as somebody wrote it; kind `unknown` where we do not know it.

    >>> recognise("ocrevus_zunovo").agent
    'ocrelizumab (subcutaneous)'
    >>> recognise("natalizumab-abcd").ingredient
    'natalizumab'
    >>> recognise("Ofatumumab").kind
    'ambiguous'
    """
    normal = _normal(name)
    known = _PRODUCTS.get(normal)
    if known is not None:
        return known
    if normal in _NEVER_COUNT:
        return Product(normal, "", None, "not_disease_modifying")
    # A biosimilar is its ingredient and a suffix of four letters that means nothing.
    stem, _, suffix = normal.rpartition(" ")
    biosimilar = _PRODUCTS.get(stem) if re.fullmatch(r"[a-z]{4}", suffix) else None
    if biosimilar is not None and biosimilar.brand is None and suffix not in _FURTHER_WORDS:
        return Product(biosimilar.ingredient, biosimilar.route, normal, biosimilar.kind)
    return _described(name) or Product(normal or name, "", normal, "unknown")


def _described(name: str) -> Product | None:
    """A product named with its form, its strength, its route, or its ingredient in brackets.

    Where only one word of the name is known, which product it was is not (R13).

    >>> recognise("Mavenclad (cladribine tablets)").brand
    'mavenclad'
    >>> recognise("natalizumab IV").agent, recognise("ofatumumab SC").agent
    ('natalizumab (intravenous)', 'ofatumumab (subcutaneous)')
    >>> recognise("IV methylprednisolone").kind, recognise("ocrelizumab trial arm").kind
    ('not_disease_modifying', 'ambiguous')
    """
    parts = (name.partition("(")[0], *re.findall(r"\(([^()]*)\)", name), name)
    for words in (_normal(part).split() for part in parts):
        bare = " ".join(word for word in words if word not in _FURTHER_WORDS and not word.isdigit())
        routes = sorted({ROUTE_WORDS[word] for word in words if word in ROUTE_WORDS})
        if bare in _NEVER_COUNT:
            return Product(bare, "", None, "not_disease_modifying")
        if (found := _PRODUCTS.get(bare)) is not None:
            return _by_route(found, bare, routes)
    known = (_PRODUCTS.get(word) for word in _normal(name).split())
    inside = next((one for one in known if one is not None and one.kind in ("disease_modifying", "ambiguous")), None)
    return Product(inside.ingredient, "", None, "ambiguous") if inside is not None else None


def _by_route(found: Product, bare: str, routes: list[str]) -> Product:
    """The product by the route that its name gives; another route than its own makes it another product."""
    if not routes or found.route in routes or found.route == "injection":
        return found
    if found.route == "":
        return next((_PRODUCTS[key] for route in routes if (key := f"{bare} {route}") in _PRODUCTS), found)
    return replace(found, route=routes[0])


ListedAgents = frozenset[tuple[str, str]]
"""What an edition's appendix lists, as ingredient and route."""


def listed(names: Iterable[str]) -> ListedAgents:
    """The ingredients and routes behind the names of an appendix."""
    products = {name: recognise(name) for name in names}
    if strangers := [name for name, one in products.items() if one.kind == "unknown"]:
        raise ValueError(f"no ingredient is known for {', '.join(strangers)}: add it to the table of products")
    return frozenset((one.ingredient, one.route) for one in products.values())


def is_listed(product: Product, appendix: ListedAgents) -> bool:
    return product.kind == "disease_modifying" and (product.ingredient, product.route) in appendix


def may_be_listed(product: Product, appendix: ListedAgents) -> bool:
    """A bare name that two products share, one of them in the appendix (R13)."""
    return product.kind == "ambiguous" and any(ingredient == product.ingredient for ingredient, _ in appendix)


def is_concurrent_agent(product: Product, appendix: ListedAgents) -> bool | None:
    """Whether taking it beside Lemtrada is concurrent use (NR.2); None where a person must say (R12, R17).

    Only an agent of the appendix excludes by itself. One that is not listed, or whose name
    we do not know, neither excludes nor clears.
    """
    if is_listed(product, appendix):
        return True
    if product.kind in ("disease_modifying", "ambiguous", "unknown"):
        return None
    return False
