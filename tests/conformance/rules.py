"""The rules for a CDS service (CDS Hooks 2.0.1, in our own words), and which tests look at them.

`covers(27)` above a test says that it looks at rule 27. COVERAGE.md is written from this.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """`why_not`: why no test from outside can look at it; "" for those that are looked at."""

    number: int
    level: str
    text: str
    why_not: str = ""


def covers(*numbers: int) -> Callable[[T], T]:
    """This test looks at these rules."""
    unknown = set(numbers) - BY_NUMBER.keys()
    if unknown:
        raise ValueError(f"there is no rule {sorted(unknown)}")

    def marked(test: T) -> T:
        test.covers = numbers  # type: ignore[attr-defined]
        return test

    return marked


RULES = (
    Rule(1, "SHALL", "what is exchanged is JSON; HTTPS in production"),
    Rule(2, "SHALL", "no null, empty text, array or object where no rule allows it"),
    Rule(3, "SHALL", "an extension is an object with collision-free keys; unknown ones are borne"),
    Rule(4, "SHALL", "discovery at GET {base}/cds-services: 200 with `services`"),
    Rule(5, "SHALL", "each service has hook, description, id; a title is recommended"),
    Rule(6, "MAY", "id and hook together name a service"),
    Rule(7, "SHALL", "hook names of the library, or in reverse-domain notation"),
    Rule(8, "MAY", "other statuses are ordinary HTTP: 400, 401, 404, 405, 406, 413, 415"),
    Rule(9, "3.0", "version is a semantic version"),
    Rule(10, "SHALL", "prefetch tokens name context fields or the four user tokens"),
    Rule(11, "SHALL", "tokens are first-level primitive fields that the hook marks as tokens"),
    Rule(12, "SHOULD", "templates stay inside the recommended subset of queries"),
    Rule(13, "SHALL", "templates are relative"),
    Rule(14, "3.0", "no FHIRPath in tokens and no key references for a 2.0 client"),
    Rule(15, "SHALL", "a missing key and null are two things"),
    Rule(16, "SHOULD", "an OperationOutcome in prefetch is a failure, not an empty result"),
    Rule(17, "MAY", "a prefetched Bundle may be a first page"),
    Rule(18, "SHALL", "what was not sent is fetched by the service itself"),
    Rule(19, "SHALL", "412 when required data cannot be had"),
    Rule(20, "SHOULD", "works with prefetch and with a FHIR server"),
    Rule(21, "SHALL", "fhirAuthorization is used for FHIR access"),
    Rule(22, "SHALL", "the token goes with every FHIR call and is told to nobody"),
    Rule(23, "SHALL", "drafts of the context are read from the context"),
    Rule(24, "SHALL", "hook, hookInstance and context are required; the rest is optional"),
    Rule(25, "SHALL", "one FHIR version a request", "the version is agreed with each client in"
         " the tenant file; tests/fhir and tests/cds_hooks read each version"),
    Rule(26, "SHALL", "success is 200 with an object that holds `cards`"),
    Rule(27, "SHALL", "a card has a summary under 140 characters, indicator, source"),
    Rule(28, "SHALL", "a source has a label; url and icon are absolute; topic is a Coding"),
    Rule(29, "SHALL", "suggestions need selectionBehavior; one recommended at most, unless any"),
    Rule(30, "SHALL", "a suggestion has a label"),
    Rule(31, "SHALL", "an action has type, description, and what the type needs"),
    Rule(32, "SHALL", "a link has label, url and type; appContext only for SMART"),
    Rule(33, "SHALL", "an override reason has code, system and display"),
    Rule(34, "SHALL", "systemActions only by agreement: never"),
    Rule(35, "3.0", "actionSelectionBehavior only for clients known to support it: never"),
    Rule(36, "3.0", "answers other than 2xx carry an OperationOutcome"),
    Rule(37, "SHOULD", "answers in the order of 500 ms"),
    Rule(38, "MAY", "feedback is taken at {id}/feedback as an array"),
    Rule(39, "SHALL", "an entry has card, outcome, outcomeTimestamp; a reason needs no display"),
    Rule(40, "MAY", "feedback comes batched, late, repeated, and of unknown cards"),
    Rule(41, "SHOULD", "a JWT is needed on every call"),
    Rule(42, "SHALL", "iss, aud, exp, iat, jti are required; aud is the exact URL called"),
    Rule(43, "SHALL", "no alg none, no symmetric algorithm"),
    Rule(44, "SHOULD", "iss and jku are allow-listed"),
    Rule(45, "SHOULD", "expiry, time, new jti; a bare 401 without reasons"),
    Rule(46, "SHALL", "browsers may call: preflights without token, errors readable"),
    Rule(47, "MAY", "each hook has its own id: no answer replaces another hook's cards"),
)  # fmt: skip
BY_NUMBER = {rule.number: rule for rule in RULES}
