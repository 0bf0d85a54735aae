"""Which kind of gene identifier a list of names holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice

#: Kinds of identifiers, the specific ones first.
_KINDS = (
    ("Ensembl gene ids with a version (human)", r"ENSG\d{11}\.\d+(_PAR_Y)?"),
    ("Ensembl gene ids (human)", r"ENSG\d{11}"),
    ("Ensembl gene ids with a version (mouse)", r"ENSMUSG\d{11}\.\d+"),
    ("Ensembl gene ids (mouse)", r"ENSMUSG\d{11}"),
    ("Ensembl transcript ids", r"ENS([A-Z]{3,4})?T\d{11}(\.\d+)?"),
    ("Ensembl gene ids", r"ENS[A-Z]{3,4}G\d{11}(\.\d+)?"),
    ("yeast systematic names (ORF)", r"Y[A-P][LR]\d{3}[WC](-[A-Z])?"),
    ("FlyBase ids", r"FBgn\d{7}"),
    ("WormBase ids", r"WBGene\d{8}"),
    ("Arabidopsis locus names", r"A[Tt][1-5CM][Gg]\d{5}"),
    ("E. coli b-numbers", r"b\d{4}"),
    ("microarray probe ids (Affymetrix)", r"\d{5,}(_[a-z])*_at"),
    ("numbers (Entrez ids, or positions)", r"\d+"),
    ("upper-case symbols (as in human)", r"(?=.*[A-Z].*[A-Z0-9])[A-Z][A-Z0-9.\-]*(orf\d+)?"),
    ("capitalised symbols (as in mouse)", r"[A-Z][a-z0-9\-]*[a-z][a-z0-9.\-]*(Rik)?"),
)
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)

#: Share of the names that must be of one kind before the list is said to be of that kind.
_MAJORITY = 0.6
_LOOK_AT = 500


def kind_of(names: Sequence[str]) -> str | None:
    """The kind most of the first names are of, or None if no kind has a clear majority."""
    looked = list(islice(names, _LOOK_AT))
    count: Counter[str] = Counter()
    for name in looked:
        count.update(next(([kind] for kind, pattern in _PATTERNS if pattern.fullmatch(name)), []))
    if not count:
        return None
    kind, number = count.most_common(1)[0]
    return kind if number >= _MAJORITY * len(looked) else None


def without_version(name: str) -> str:
    """``ENSG00000141510.18`` without its version; any other name as it is."""
    return name.partition(".")[0] if re.fullmatch(r"ENS[A-Z]*\d{11}\.\d+", name) else name
