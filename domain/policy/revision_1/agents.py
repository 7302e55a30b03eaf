"""Recognition of agents under revision 1 of the editions, unchanged. The newest is `domain/policy/agents.py`."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from domain.policy.agents import AgentKind, Product


def _normalized(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.casefold()).strip()


def _brands(ingredient: str, route: str, *brands: str, kind: AgentKind = "disease_modifying") -> dict[str, Product]:
    return {_normalized(brand): Product(ingredient, route, _normalized(brand), kind) for brand in brands}


def _generics(ingredient: str, route: str, *names: str, kind: AgentKind = "disease_modifying") -> dict[str, Product]:
    return {_normalized(name): Product(ingredient, route, None, kind) for name in names}


def _aliases_of(brand: str, products: dict[str, Product], *aliases: str) -> dict[str, Product]:
    return {_normalized(alias): products[_normalized(brand)] for alias in aliases}


_INTERFERONS = _brands("interferon beta-1a", "injection", "Avonex", "Rebif") | _brands(
    "interferon beta-1b", "injection", "Betaseron", "Extavia"
)
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

_PRODUCTS: dict[str, Product] = {
    **_INTERFERONS,
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
    # Names that belong to only one brand.
    **_aliases_of("Tascenso ODT", _BRANDS_WITH_ALIASES, "Tascenso"),
    **_aliases_of("Tyruko", _BRANDS_WITH_ALIASES, "natalizumab-sztn"),
    **_aliases_of(
        "Ocrevus Zunovo",
        _BRANDS_WITH_ALIASES,
        "ocrelizumab and hyaluronidase",
        "ocrelizumab and hyaluronidase-ocsq",
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
    **_generics("rituximab", "intravenous", "rituximab", "rituximab-abbs", "rituximab-pvvr", "rituximab-arrx"),
    **_brands("mitoxantrone", "intravenous", "Novantrone"),
    **_generics("mitoxantrone", "intravenous", "mitoxantrone"),
    **_brands("daclizumab", "injection", "Zinbryta"),
    **_generics("daclizumab", "injection", "daclizumab"),
}

_NEVER_COUNT = frozenset(
    _normalized(name)
    for name in """
        methylprednisolone prednisolone prednisone dexamethasone hydrocortisone corticotropin betamethasone
        dalfampridine fampridine ampyra baclofen lioresal tizanidine zanaflex dantrolene gabapentin pregabalin
        amantadine modafinil provigil armodafinil methylphenidate oxybutynin tolterodine solifenacin mirabegron
        duloxetine carbamazepine onabotulinumtoxina botox nabiximols sativex acthar medrol
    """.split()  # noqa: SIM905 - a list of words reads best as words
) | {
    _normalized(name)
    for name in ("Solu-Medrol", "Solumedrol", "Acthar Gel", "Depo-Medrol", "methylprednisolone sodium succinate")
}
"""Steroids and symptom drugs, which never count (R12)."""


ROUTE_WORDS = {
    "intravenous": "intravenous", "iv": "intravenous", "subcutaneous": "subcutaneous", "sc": "subcutaneous",
    "subq": "subcutaneous", "oral": "oral", "tablet": "oral", "tablets": "oral", "capsule": "oral", "capsules": "oral",
}  # fmt: skip
"""Words of a name that state the route, each with the route."""
FORM_WORDS = frozenset({
    "infusion", "injection", "injections", "solution", "generic", "biosimilar", "er", "xr", "dr", "odt", "extended",
    "delayed", "release", "pen", "autoinjector", "intramuscular", "im", "prefilled", "syringe", "mg", "mcg", "ml",
})  # fmt: skip
"""Words of a name that state the form, the strength or the device, and not the product."""
_FURTHER_WORDS = FORM_WORDS | ROUTE_WORDS.keys()


@lru_cache(maxsize=4096)
def recognize(name: str) -> Product:
    """The product of a name as it was written. The kind is `unknown` if the name is not recognized.

    >>> recognize("ocrevus_zunovo").agent
    'ocrelizumab (subcutaneous)'
    >>> recognize("natalizumab-abcd").ingredient
    'natalizumab'
    >>> recognize("Ofatumumab").kind
    'ambiguous'
    """
    normalized = _normalized(name)
    known = _PRODUCTS.get(normalized)
    if known is not None:
        return known
    if normalized in _NEVER_COUNT:
        return Product(normalized, "", None, "not_disease_modifying")
    # The name of a biosimilar is its ingredient and a suffix of four letters without a meaning.
    stem, _, suffix = normalized.rpartition(" ")
    biosimilar = _PRODUCTS.get(stem) if re.fullmatch(r"[a-z]{4}", suffix) else None
    if biosimilar is not None and biosimilar.brand is None and suffix not in _FURTHER_WORDS:
        return Product(biosimilar.ingredient, biosimilar.route, normalized, biosimilar.kind)
    return _product_of_description(name) or Product(normalized or name, "", normalized, "unknown")


def _product_of_description(name: str) -> Product | None:
    """The product of a name with a form, a strength, a route, or an ingredient in parentheses.

    If only one word of the name is known, the product is ambiguous (R13). None: no word is known.

    >>> recognize("Mavenclad (cladribine tablets)").brand
    'mavenclad'
    >>> recognize("natalizumab IV").agent, recognize("ofatumumab SC").agent
    ('natalizumab (intravenous)', 'ofatumumab (subcutaneous)')
    >>> recognize("IV methylprednisolone").kind, recognize("ocrelizumab trial arm").kind
    ('not_disease_modifying', 'ambiguous')
    """
    parts = (name.partition("(")[0], *re.findall(r"\(([^()]*)\)", name), name)
    for words in (_normalized(part).split() for part in parts):
        base_name = " ".join(word for word in words if word not in _FURTHER_WORDS and not word.isdigit())
        routes = sorted({ROUTE_WORDS[word] for word in words if word in ROUTE_WORDS})
        if base_name in _NEVER_COUNT:
            return Product(base_name, "", None, "not_disease_modifying")
        if (found := _PRODUCTS.get(base_name)) is not None:
            return _by_route(found, base_name, routes)
    known = (_PRODUCTS.get(word) for word in _normalized(name).split())
    mentioned = next((one for one in known if one is not None and one.kind in ("disease_modifying", "ambiguous")), None)
    return Product(mentioned.ingredient, "", None, "ambiguous") if mentioned is not None else None


def _by_route(found: Product, base_name: str, routes: list[str]) -> Product:
    """The product with the route in its name. With another route than its own, it is another product."""
    if not routes or found.route in routes or found.route == "injection":
        return found
    if found.route == "":
        return next((_PRODUCTS[key] for route in routes if (key := f"{base_name} {route}") in _PRODUCTS), found)
    return replace(found, route=routes[0])
