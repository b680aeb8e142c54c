"""The `openets` command: one program, one sub-command per thing a person wants done."""

from __future__ import annotations

import typer

from openets.interfaces.cli import ledger, upkeep
from openets.interfaces.cli.allocation_compare import allocation_app
from openets.interfaces.cli.cap import cap_app
from openets.interfaces.cli.compliance import compliance_app
from openets.interfaces.cli.demo import demo, totals
from openets.interfaces.cli.desk import desk_app, person_app, work
from openets.interfaces.cli.files import export_file, import_file
from openets.interfaces.cli.inbox import audit, inbox_app, outbox_app
from openets.interfaces.cli.law import law_app
from openets.interfaces.cli.log import log_app
from openets.interfaces.cli.maintenance import maintenance_app
from openets.interfaces.cli.people import holder_app, operator_app, verifier_app
from openets.interfaces.cli.replay import replay
from openets.interfaces.cli.serve import serve_store
from openets.interfaces.cli.tracing import trace

app = typer.Typer(
    help="OpenETS: an emissions trading system in one program.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo)
app.command("totals")(totals)
app.command("replay")(replay)
app.add_typer(law_app, name="law")
app.add_typer(cap_app, name="cap")
app.add_typer(allocation_app, name="allocation")
app.add_typer(compliance_app, name="compliance")
app.add_typer(ledger.account_app, name="account")
app.add_typer(ledger.transaction_app, name="transaction")
app.add_typer(desk_app, name="desk")
app.add_typer(inbox_app, name="inbox")
app.add_typer(outbox_app, name="outbox")
app.add_typer(person_app, name="person")
app.add_typer(holder_app, name="holder")
app.add_typer(operator_app, name="operator")
app.add_typer(verifier_app, name="verifier")
app.add_typer(maintenance_app, name="maintenance")
app.command("serve")(serve_store)
app.command("work")(work)
app.command("audit")(audit)
app.command("trace")(trace)
app.command("verify")(upkeep.verify)
app.command("recover")(upkeep.recover)
app.command("import")(import_file)
app.command("export")(export_file)
app.add_typer(log_app, name="log")
app.add_typer(upkeep.restore_app, name="restore")

if __name__ == "__main__":
    app()
