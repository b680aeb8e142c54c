"""An open office answers what is asked at the counter, and turns its failures into answers.

Whatever an action raises becomes a message here and the same exception again at the asker's end
(`client.py`), so that a command says the same whether or not the asker is the writer.
"""

from __future__ import annotations

from openets.kernel.records import Malformed
from openets.kernel.refusal import Refusal, Refused
from openets.ledger.post import WriterStopped
from openets.ledger.store import Store
from openets.people.counter import actions, inbox_actions
from openets.people.counter.action import ACTIONS, Visit
from openets.people.counter.messages import Answer, Call, Done, Failed, NobodyKnown, NotDone
from openets.people.opening import Opened
from openets.people.signing_in import NotSignedIn
from openets.rulebook.model import NoLaw
from openets.storage.database import StorageError
from openets.translog.client import LogAway

__all__ = ["actions", "answer", "inbox_actions"]  # the actions are there once they are imported


def answer(store: Store, office: Opened, call: Call) -> Answer:
    """The office's answer to a call; what goes wrong in known ways is an answer too."""
    asked = ACTIONS.get(call.action)
    if asked is None:
        return Failed("storage", f"Nobody can ask for {call.action!r} here.")
    try:
        return Done(asked.carry_out(Visit(store, office, call.who), call.arguments))
    except NotSignedIn as error:
        return NobodyKnown(error.named)
    except Refused as refused:
        return NotDone(refused.refusals)
    except NoLaw as error:
        return NotDone((Refusal("people.no-law", str(error), "rulebook"),))
    except Malformed as error:
        return Failed("malformed", str(error))
    except LogAway as error:
        return Failed("log", str(error))
    except WriterStopped as error:
        return Failed("writer", str(error))
    except (StorageError, OSError) as error:
        return Failed("storage", str(error))
