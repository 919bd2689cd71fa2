"""The mutants: each breaks one rule of the protocols. Their texts are short, so that they outlive other changes."""

from typing import Final

from tests.proofs.mutants.catalogue.agents import AGENTS
from tests.proofs.mutants.catalogue.alerting import ALERTING
from tests.proofs.mutants.catalogue.auditing import AUDITING
from tests.proofs.mutants.catalogue.changing import CHANGING
from tests.proofs.mutants.catalogue.claiming import CLAIMING
from tests.proofs.mutants.catalogue.claiming_in_one_statement import CLAIMING_IN_ONE_STATEMENT
from tests.proofs.mutants.catalogue.clocks import CLOCKS
from tests.proofs.mutants.catalogue.delivering import DELIVERING
from tests.proofs.mutants.catalogue.finishing import FINISHING
from tests.proofs.mutants.catalogue.fires import FIRES
from tests.proofs.mutants.catalogue.handing_back import HANDING_BACK
from tests.proofs.mutants.catalogue.health import HEALTHY
from tests.proofs.mutants.catalogue.holding import HOLDING
from tests.proofs.mutants.catalogue.outages import OUTAGES_OF_THE_DATABASE
from tests.proofs.mutants.catalogue.poison import POISONED
from tests.proofs.mutants.catalogue.recording import RECORDING
from tests.proofs.mutants.catalogue.recovering import RECOVERING
from tests.proofs.mutants.catalogue.replacing import REPLACING
from tests.proofs.mutants.catalogue.sending import SENDING
from tests.proofs.mutants.catalogue.slots import SLOT_MUTANTS
from tests.proofs.mutants.catalogue.tallying import TALLYING
from tests.proofs.mutants.catalogue.triggers import TRIGGERS

MUTANTS: Final = (
    *CLAIMING,
    *CLAIMING_IN_ONE_STATEMENT,
    *FINISHING,
    *HANDING_BACK,
    *RECOVERING,
    *AGENTS,
    *CHANGING,
    *RECORDING,
    *FIRES,
    *POISONED,
    *OUTAGES_OF_THE_DATABASE,
    *HEALTHY,
    *REPLACING,
    *TRIGGERS,
    *SENDING,
    *AUDITING,
    *CLOCKS,
    *SLOT_MUTANTS,
    *TALLYING,
    *HOLDING,
    *ALERTING,
    *DELIVERING,
)
