"""The command line: starts what runs, and says what the pages say."""

import errno
from typing import Any

import click

from forain.cli.accounts import account_group
from forain.cli.brakes import brake_group
from forain.cli.house import sentence
from forain.cli.keys import keys_group
from forain.cli.links import link_group, order_group
from forain.cli.offers import offer_group
from forain.cli.people import people_group
from forain.cli.refusals import refusals_command
from forain.cli.rules import rate_group, rule_group
from forain.cli.run import (
    admin_link,
    bench,
    box,
    demo,
    doctor,
    journal_command,
    simulate,
    status,
    sync,
    up,
    web,
    worker,
)
from forain.cli.shops import shop_group
from forain.core.plain import one_line


class Plain(click.Group):
    """Says in one sentence what a person can mend; only a bug of ours shows a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            # Lines of ours stay lines; what an answer brought along is on one already (`core.plain`).
            clean = "\n".join(one_line(line) for line in error.message.split("\n"))
            if clean == error.message:
                raise
            raise click.ClickException(clean) from None
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            words = None if getattr(error, "errno", None) == errno.EPIPE else sentence(error)
            if words is None:
                raise
            raise click.ClickException(one_line(words)) from None


@click.group(cls=Plain, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name=None, version="0.1.0", prog_name="forain")
def main() -> None:
    """Forain connects your own web shop with Amazon: stock, prices, orders, shipments, authorization."""


for _command in (
    up, web, worker, demo, box, status, sync, journal_command, doctor, bench, simulate, admin_link,
    shop_group, account_group, link_group, rule_group, rate_group, brake_group, refusals_command,
    offer_group, order_group, people_group, keys_group,
):  # fmt: skip
    main.add_command(_command)
