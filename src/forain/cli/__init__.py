"""The command line: starts what runs, and says what the pages say."""

import click

from forain.cli.accounts import account_group, shop_group
from forain.cli.run import admin_link, bench, box, demo, doctor, journal_command, status, sync, up


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name=None, version="0.1.0", prog_name="forain")
def main() -> None:
    """Forain connects your own web shop with Amazon: stock, prices, orders, shipments, authorization."""


for _command in (up, demo, box, status, sync, journal_command, doctor, bench, admin_link, account_group, shop_group):
    main.add_command(_command)
