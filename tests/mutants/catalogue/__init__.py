"""The mutants: each breaks one rule of the protocols. Their texts are short, so that they outlive other changes."""

from typing import Final

from tests.mutants.catalogue.changing import CHANGING
from tests.mutants.catalogue.claiming import CLAIMING
from tests.mutants.catalogue.claiming_in_one_statement import CLAIMING_IN_ONE_STATEMENT
from tests.mutants.catalogue.finishing import FINISHING
from tests.mutants.catalogue.fires import FIRES
from tests.mutants.catalogue.recording import RECORDING
from tests.mutants.catalogue.recovering import RECOVERING
from tests.mutants.catalogue.sending import SENDING
from tests.mutants.catalogue.triggers import TRIGGERS

MUTANTS: Final = (
    *CLAIMING,
    *CLAIMING_IN_ONE_STATEMENT,
    *FINISHING,
    *RECOVERING,
    *CHANGING,
    *RECORDING,
    *FIRES,
    *TRIGGERS,
    *SENDING,
)
