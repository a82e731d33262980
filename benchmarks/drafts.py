"""Sixty sentences in four languages, drafted without a model: nothing false, and more than half of it right.

A sentence has what a careful person would write for it; an empty list where nothing can be said for certain.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from benchmarks.report import Meter, Row
from journeyman.mission.files.draft import draft

Wanted: TypeAlias = list[tuple[str, str, float]]
WEB: Final = {"latency_ms": "load", "error_ratio": "load", "queue_depth": "load", "throughput": "load"}
BUILD: Final = {"test_coverage_pct": "suite", "failed_tests": "suite", "size_mb": "build", "duration_s": "build"}
PLANT: Final = {"temperature": "sensor", "memory_mib": "sensor", "cost_usd": "bill", "accuracy": "check"}
MOST_FALSE: Final = 0
LEAST_RIGHT: Final = 35

CASES: Final[list[tuple[str, dict[str, str], Wanted]]] = [
    ("Get the latency below 200 ms.", WEB, [("latency_ms", "<", 200)]),
    ("Keep the latency at most 0.2 seconds.", WEB, [("latency_ms", "<=", 200)]),
    ("The latency must never be above 300 ms.", WEB, [("latency_ms", "<=", 300)]),
    ("Don't let the latency rise above 250 ms.", WEB, [("latency_ms", "<=", 250)]),
    ("Make sure the error ratio is under 1 %.", WEB, [("error_ratio", "<", 0.01)]),
    ("Latency under 100 ms and error ratio below 0.5%.", WEB, [("latency_ms", "<", 100), ("error_ratio", "<", 0.005)]),
    ("Drain the queue until its depth is exactly 0.", WEB, [("queue_depth", "==", 0)]),
    ("Raise the throughput to at least 1,500.", WEB, [("throughput", ">=", 1500)]),
    ("Latency 80 ms or less.", WEB, [("latency_ms", "<=", 80)]),
    ("Test coverage at least 92.5 percent.", BUILD, [("test_coverage_pct", ">=", 92.5)]),
    ("No more than 0 failed tests, please.", BUILD, [("failed_tests", "<=", 0)]),
    ("Bring the size below 40 MB.", BUILD, [("size_mb", "<", 40)]),
    ("The duration should not exceed 2 minutes.", BUILD, [("duration_s", "<=", 120)]),
    ("Temperature never below 18.", PLANT, [("temperature", ">=", 18)]),
    ("Memory <= 2 GiB", PLANT, [("memory_mib", "<=", 2048)]),
    ("Cost under $5.", PLANT, [("cost_usd", "<", 5)]),
    ("Accuracy >= 0.95 three times in a row", PLANT, [("accuracy", ">=", 0.95)]),
    ("If the latency is above 500 ms, restart the service.", WEB, []),
    ("Latency is above 500 ms; fix that.", WEB, []),
    ("Reduce the latency by at least 20 %.", WEB, []),
    ("Latency below 200 ms for 95 % of requests.", WEB, []),
    ("Sell more than 5 cars.", WEB, []),
    ("Delete all files whose size is above 40 MB.", BUILD, []),
    ("Make the size at most 40 KB.", BUILD, []),
    ("Write 'latency below 5 ms' or more than 3 lines about latency.", WEB, []),
    ("Keep the temperature between 18 and 22.", PLANT, []),
    ("Latency and queue depth below 5.", WEB, []),
    ("Bringe die Latenz unter 200 ms.", WEB, [("latency_ms", "<", 200)]),
    ("Die Latenz soll höchstens 0,25 Sekunden betragen.", WEB, [("latency_ms", "<=", 250)]),
    ("Die Latenz darf nicht mehr als 150 ms sein.", WEB, [("latency_ms", "<=", 150)]),
    ("Latenz unter 120 ms und Fehlerquote höchstens 0,5 %.", WEB, [("latency_ms", "<", 120), ("error_ratio", "<=", 0.005)]),
    ("Testabdeckung mindestens 87,5 %.", BUILD, [("test_coverage_pct", ">=", 87.5)]),
    ("Die Größe muss nie über 40 MB liegen.", BUILD, [("size_mb", "<=", 40)]),
    ("Die Temperatur soll nicht unter 18,5 fallen.", PLANT, [("temperature", ">=", 18.5)]),
    ("Die Kosten sollen weniger als 12 USD betragen.", PLANT, [("cost_usd", "<", 12)]),
    ("Der Durchsatz soll mindestens 1.500 sein.", WEB, []),
    ("Wenn die Latenz über 500 ms steigt, melde es.", WEB, []),
    ("Senke die Latenz um mindestens 20 ms.", WEB, []),
    ("Die Latenz liegt derzeit über 300 ms.", WEB, []),
    ("Réduis la latence à moins de 200 ms.", WEB, [("latency_ms", "<", 200)]),
    ("Garde la latence sans dépasser 300 ms.", WEB, [("latency_ms", "<=", 300)]),
    ("La latence ne doit pas dépasser 0,3 secondes.", WEB, [("latency_ms", "<=", 300)]),
    ("Couverture de test au moins 90,5 %.", BUILD, [("test_coverage_pct", ">=", 90.5)]),
    ("La taille doit être inférieure à 40 Mo.", BUILD, [("size_mb", "<", 40)]),
    ("La température ne dépasse jamais 22,5.", PLANT, [("temperature", "<=", 22.5)]),
    ("Le coût doit être au plus 12 USD.", PLANT, [("cost_usd", "<=", 12)]),
    ("La durée au maximum 1 500 s.", BUILD, [("duration_s", "<=", 1500)]),
    ("Réduire la latence d'au moins 20 %.", WEB, []),
    ("Si la latence est supérieure à 500 ms, redémarre.", WEB, []),
    ("Le taux d'erreur doit être inférieur à 1 %.", WEB, [("error_ratio", "<", 0.01)]),
    ("Baja la latencia por debajo de 200 ms.", WEB, [("latency_ms", "<", 200)]),
    ("La latencia no más de 0,2 segundos.", WEB, [("latency_ms", "<=", 200)]),
    ("Mantén la latencia sin superar 300 ms.", WEB, [("latency_ms", "<=", 300)]),
    ("Cobertura de pruebas al menos 95,5 %.", BUILD, [("test_coverage_pct", ">=", 95.5)]),
    ("El tamaño debe ser menor que 40 MB.", BUILD, [("size_mb", "<", 40)]),
    ("La temperatura nunca por encima de 22,5.", PLANT, [("temperature", "<=", 22.5)]),
    ("El coste 12 USD como máximo.", PLANT, [("cost_usd", "<=", 12)]),
    ("Cuando la latencia es superior a 500 ms, avisa.", WEB, []),
    ("Reduce la latencia en al menos 20 ms.", WEB, []),
    ("La latencia está ahora por encima de 300 ms.", WEB, []),
]  # fmt: skip


def run(progress: Meter) -> list[Row]:
    """Draft each sentence, and compare with what a person would write."""
    progress.start("sentences", len(CASES))
    right = nothing = false = silent = 0
    for sentence, metrics, wanted in CASES:
        drafted = draft(sentence, metrics)
        found = [(row["metric"], row["op"], row["target"]) for row in drafted.criteria]
        wrong = [row for row in found if row not in wanted]
        false += len(wrong)
        right += bool(found) and found == wanted
        nothing += not found
        silent += not found and not drafted.notes
        if wrong or (wanted and found != wanted):
            print(f"{sentence} -> {found} {drafted.notes}")
        progress.step()
    return [
        Row("sentences", len(CASES), "", "60", len(CASES) == 60),
        Row("false criteria", false, "", f"{MOST_FALSE}", false <= MOST_FALSE),
        Row("right", right, "sentences", f">= {LEAST_RIGHT}", right >= LEAST_RIGHT),
        Row("nothing, with a reason", nothing, "sentences"),
        Row("nothing, without a reason", silent, "sentences", "0", silent == 0),
    ]
