"""Words by which directives state bounds, in English, German, French and Spanish.

A table says what a phrase means; what no table knows is left to a person.
"""

from __future__ import annotations

import re
from typing import Final

COMPARATORS: Final[tuple[tuple[str, str, str], ...]] = (
    # language, operator, phrase; the longest phrase at a place counts
    ("en", "<=", r"at most|no more than|not more than|no higher than|not higher than|no greater than|no larger than"),
    ("en", "<=", r"never (?:above|over|more than|higher than|exceeds?|exceeding)|not (?:above|over|exceed|exceeding)"),
    ("en", "<=", r"without exceeding|without going (?:above|over)|at or below|a maximum of|no longer than"),
    ("en", ">=", r"at least|no less than|not less than|no fewer than|no lower than|not lower than|a minimum of"),
    ("en", ">=", r"never (?:below|under|less than|lower than)|not (?:below|under)|without falling below|at or above"),
    ("en", "<", r"below|under|less than|lower than|fewer than|smaller than"),
    ("en", ">", r"above|over|more than|greater than|higher than|larger than"),
    ("en", "==", r"exactly|equal to|equals"),
    ("de", "<=", r"höchstens|maximal|nicht mehr als|nicht (?:über|größer als|höher als|länger als)|bis höchstens"),
    ("de", "<=", r"(?:nie|niemals) (?:über|mehr als|höher als)|ohne (?:mehr als|über)"),
    ("de", ">=", r"mindestens|wenigstens|nicht weniger als|nicht (?:unter|kleiner als|niedriger als)"),
    ("de", ">=", r"(?:nie|niemals) (?:unter|weniger als)"),
    ("de", "<", r"unter|unterhalb von|weniger als|kleiner als|niedriger als|geringer als"),
    ("de", ">", r"über|oberhalb von|mehr als|größer als|höher als"),
    ("de", "==", r"genau|exakt"),
    ("fr", "<=", r"au plus|au maximum|pas plus de|sans (?:jamais )?dépasser|jamais (?:au-dessus de|plus de)"),
    ("fr", "<=", r"ne (?:doit|doive|peut) (?:pas|jamais) dépasser|ne dépasse (?:pas|jamais)"),
    ("fr", ">=", r"au moins|au minimum|pas moins de|jamais (?:en dessous de|au-dessous de|moins de)"),
    ("fr", "<", r"moins de|inférieure? à|en dessous de|au-dessous de|sous"),
    ("fr", ">", r"plus de|supérieure? à|au-dessus de"),
    ("fr", "==", r"exactement|égale? à"),
    ("es", "<=", r"como máximo|como mucho|a lo sumo|no más de|sin (?:superar|exceder|pasar de)|no mayor (?:que|de|a)"),
    ("es", "<=", r"(?:no|nunca) (?:debe superar|supere|exceda)|nunca (?:por encima de|más de)"),
    ("es", ">=", r"al menos|como mínimo|por lo menos|no menos de|nunca (?:por debajo de|menos de)"),
    ("es", "<", r"menos de|menor (?:que|de|a)|inferior a|por debajo de"),
    ("es", ">", r"más de|mayor (?:que|de|a)|superior a|por encima de"),
    ("es", "==", r"exactamente|igual a"),
    ("", "<=", r"<=|≤"),
    ("", ">=", r">=|≥"),
    ("", "==", r"=="),
    ("", "<", r"<(?![=<>])"),
    ("", ">", r"(?<![-=<>])>(?![=>])"),
)
SUFFIXES: Final[tuple[tuple[str, str], ...]] = (
    ("<=", r"or (?:less|fewer|lower|below)|oder weniger|ou moins|o menos|at most|maximum|max|maximal|höchstens"),
    ("<=", r"au (?:plus|maximum)|como (?:máximo|mucho)"),
    (">=", r"or (?:more|higher|above)|oder mehr|ou plus|o más|minimum|mindestens|au (?:moins|minimum)|como mínimo"),
)
"""Operators that stand behind their number."""

UNITS: Final[dict[str, str]] = {
    "%": "percent", "percent": "percent", "per cent": "percent", "prozent": "percent", "pour cent": "percent",
    "por ciento": "percent",
    "ms": "ms", "millisecond": "ms", "milliseconds": "ms", "millisekunde": "ms", "millisekunden": "ms",
    "milliseconde": "ms", "millisecondes": "ms", "milisegundo": "ms", "milisegundos": "ms",
    "s": "s", "sec": "s", "second": "s", "seconds": "s", "sekunde": "s", "sekunden": "s", "seconde": "s",
    "secondes": "s", "segundo": "s", "segundos": "s",
    "min": "min", "minute": "min", "minutes": "min", "minuten": "min", "minuto": "min", "minutos": "min",
    "h": "h", "hour": "h", "hours": "h", "stunde": "h", "stunden": "h", "heure": "h", "heures": "h", "hora": "h",
    "horas": "h",
    "byte": "byte", "bytes": "byte", "octets": "byte", "octet": "byte",
    "kb": "kb", "mb": "mb", "gb": "gb", "ko": "kb", "mo": "mb", "go": "gb", "kib": "kib", "mib": "mib", "gib": "gib",
    "$": "usd", "usd": "usd", "dollar": "usd", "dollars": "usd", "€": "eur", "eur": "eur", "euro": "eur",
    "euros": "eur",
}  # fmt: skip
METRIC_UNITS: Final[dict[str, str]] = {
    "ms": "ms", "milliseconds": "ms", "s": "s", "sec": "s", "secs": "s", "seconds": "s", "min": "min",
    "minutes": "min", "h": "h", "hours": "h", "percent": "percent", "pct": "percent", "ratio": "ratio",
    "fraction": "ratio", "byte": "byte", "bytes": "byte", "kb": "kb", "mb": "mb", "gb": "gb", "kib": "kib",
    "mib": "mib", "gib": "gib", "usd": "usd", "eur": "eur",
}  # fmt: skip
"""Last word of a metric's name to its unit."""
SCALES: Final[dict[str, tuple[str, float]]] = {
    "ms": ("time", 1), "s": ("time", 1000), "min": ("time", 60_000), "h": ("time", 3_600_000),
    "byte": ("size", 1), "kib": ("size", 2**10), "mib": ("size", 2**20), "gib": ("size", 2**30),
    "percent": ("share", 0.01), "ratio": ("share", 1),
}  # fmt: skip
"""Units that say exactly how they convert: a KB may be 1,000 or 1,024 bytes, and converts to nothing but itself."""

NOUNS: Final[dict[str, str]] = {
    "latenz": "latency", "antwortzeit": "response time", "fehler": "error", "fehlerrate": "error rate",
    "fehlerquote": "error ratio", "fehleranteil": "error ratio", "warteschlange": "queue", "tiefe": "depth",
    "speicher": "memory", "speicherverbrauch": "memory", "abdeckung": "coverage", "testabdeckung": "test coverage",
    "durchsatz": "throughput", "kosten": "cost", "genauigkeit": "accuracy", "temperatur": "temperature",
    "größe": "size", "rate": "rate", "anteil": "ratio", "tests": "test", "fehlgeschlagene": "failed",
    "fehlgeschlagenen": "failed", "dauer": "duration", "offene": "open", "offenen": "open",
    "latence": "latency", "erreur": "error", "erreurs": "error", "d'erreur": "error", "d'erreurs": "error",
    "taux": "rate", "attente": "queue", "profondeur": "depth", "mémoire": "memory", "couverture": "coverage",
    "débit": "throughput", "coût": "cost", "taille": "size", "température": "temperature", "durée": "duration",
    "échoués": "failed", "proportion": "ratio",
    "latencia": "latency", "errores": "error", "tasa": "rate", "cola": "queue", "profundidad": "depth",
    "memoria": "memory", "cobertura": "coverage", "coste": "cost", "costo": "cost", "tamaño": "size",
    "temperatura": "temperature", "duración": "duration", "pruebas": "test", "fallidas": "failed",
    "proporción": "ratio",
}  # fmt: skip
"""Nouns of directives to the words of metrics' names."""

JOINTS: Final = re.compile(
    r"[;,:]\s|\s[-\u2013\u2014]\s|\b(?:and|but|until|while|und|aber|bis|et|mais|jusqu'à ce que|pero|hasta que|y|e)\b",
    re.IGNORECASE,
)
"""Between two of these lies a clause."""
AND: Final = re.compile(r"^(?:and|und|et|y|e|,\s)$", re.IGNORECASE)
NEGATIONS: Final = re.compile(
    r"\b(?:not|never|no|without|cannot|nor|neither|nicht|nie|niemals|kein\w*|ohne|ne|n'|pas|jamais|sans|ni|nunca|sin|jamás)\b|n't\b",
    re.IGNORECASE,
)
CONDITIONS: Final = re.compile(
    r"\b(?:if|when|whenever|unless|once|as soon as|as long as|in case|wenn|falls|sobald|solange|sofern|si|quand|lorsque|"
    r"dès que|tant que|cuando|mientras|whether|ob|how (?:many|often|much)|wie (?:viele|oft)|combien|cuánt\w+|"
    r"example|e\.g\.|beispiel\w*|z\.\s?b\.|exemple|ejemplo)\b",
    re.IGNORECASE,
)
"""A number behind one of these says when something happens, not what is to be reached."""
TASKS: Final = re.compile(
    r"\b(?:delete|remove|find|list|select|show|archive|report|alert|notify|warn|count|print|log|write|tell|filter|move|"
    r"lösch\w*|entfern\w*|finde\w*|zeig\w*|meld\w*|bericht\w*|schreib\w*|warn\w*|zähl\w*|"
    r"supprim\w*|trouv\w*|affich\w*|signal\w*|écri\w*|alert\w*|list\w*|compt\w*|"
    r"borr\w*|elimin\w*|encuentr\w*|muestr\w*|avis\w*|escrib\w*|cuent\w*)\b",
    re.IGNORECASE,
)
"""Such a verb asks to pick or to tell things; its numbers are a filter."""
NOW: Final = re.compile(
    r"\b(?:currently|now|today|yesterday|was|were|has been|had|at the moment|used to|derzeit|aktuell|momentan|heute|war|"
    r"liegt (?:gerade|jetzt)|actuellement|aujourd'hui|était|maintenant|actualmente|ahora|hoy|era|estaba)\b",
    re.IGNORECASE,
)
IS: Final = re.compile(r"\b(?:is|are|has|ist|sind|liegt|liegen|beträgt|est|sont|es|está|están)\b", re.IGNORECASE)
GOALS: Final = re.compile(
    r"\b(?:make|ensure|until|so that|keep|get|bring|must|should|shall|has to|have to|needs? to|reduce|lower|raise|"
    r"sicher\w*|sorge\w*|bis|muss|müssen|soll\w*|damit|halte\w*|bring\w*|senk\w*|erhöh\w*|"
    r"assure\w*|jusqu'à|doit|doivent|pour que|gard\w+|mainten\w+|rédui\w+|"
    r"asegur\w+|asegúr\w+|hasta que|debe\w*|para que|mant\w+|reduc\w+|consig\w+)\b",
    re.IGNORECASE,
)
"""With one of these, `is below` is a goal; alone it tells how things are."""
HARMLESS: Final = frozenset({
    "sure", "do", "does", "don", "a", "an", "the", "this", "that", "its", "it", "to", "of", "in", "at", "on", "for",
    "with", "please", "always", "be", "is", "are", "stay", "stays", "remain", "remains", "fall", "falls", "drop",
    "drops", "rise", "rises", "climb", "climbs", "get", "gets", "go", "goes", "down", "up", "hold", "reach", "drain",
    "let", "from", "level", "value", "ever", "then", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen",
    "zu", "auf", "von", "bei", "im", "am", "bitte", "immer", "sein", "ist", "sind", "liegen", "liegt", "betragen",
    "beträgt", "bleiben", "bleibt", "steigen", "fallen", "sinken", "darf", "dürfen", "wert", "es", "le", "la", "les",
    "un", "une", "du", "de", "d", "l", "à", "au", "aux", "en", "dans", "pour", "être", "est", "sont", "reste",
    "rester", "toujours", "valeur", "il", "elle", "ne", "el", "los", "las", "unos", "unas", "al", "del", "por",
    "para", "ser", "sea", "esté", "está", "están", "queda", "quede", "siempre", "valor", "baja", "bajar", "sube",
    "subir", "lo",
})  # fmt: skip
"""Words that change nothing about what is meant; GOALS are others. A clause with a word of neither kind, that is no word
of the metric's name, is left to a person."""
RANGES: Final = re.compile(r"\b(?:between|zwischen|entre|from .* to|von .* bis)\b", re.IGNORECASE)
BY: Final = re.compile(r"(?:\b(?:by|um|en|de)|\bd')\s*$", re.IGNORECASE)
"""Before a bound: it is about a change."""
RATES: Final = re.compile(r"^\s*(?:/|per\b|pro\b|par\b|por\b|each\b|a (?:second|minute|hour|day)\b)", re.IGNORECASE)
_COUNTS: Final = {
    "two": 2, "three": 3, "four": 4, "five": 5, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "deux": 2, "trois": 3,
    "quatre": 4, "cinq": 5, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5,
}  # fmt: skip
IN_A_ROW: Final = re.compile(
    r"(\w+)\s?(?:times|evaluations|checks|iterations) in a row|(\w+) consecutive (?:times|evaluations|checks)|"
    r"(zwei|drei|vier|fünf|\d+)\s?mal (?:hintereinander|in folge)|(\w+) fois de suite|(\w+) veces seguidas",
    re.IGNORECASE,
)


def in_a_row(sentence: str) -> int | None:
    """How often in a row something must hold; 1 where nothing is said, `None` where the count is not known."""
    match = IN_A_ROW.search(sentence)
    if match is None:
        return 1
    word = next(group for group in match.groups() if group).lower()
    return int(word) if word.isdigit() else _COUNTS.get(word)
